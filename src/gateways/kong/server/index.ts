// The door of the Kong gateway's server: sockets, instances and events on one side, plugins on the other.
export { announcementOf, pluginInfo, KONG_WORKER } from "./plugin-info.js";
export { checkAnnouncement } from "./check-announcement.js";
export { EmbeddedError } from "./errors.js";
export { generationOfDefinition } from "./generation-of.js";
export { KongInThreadPool } from "./in-thread-pool.js";
export { OneKongPlugin } from "./one-plugin.js";
export { logOwnOutput } from "./event-log.js";
export { GATEWAY, type ServerOptions, PluginServer, type PluginServerOptions, SHORTER_PATH } from "./plugin-server.js";
export { serveDirectory } from "./serve-directory.js";
export type { OwnInstances, SharedInstance, Siblings } from "./takeover/siblings.js";
