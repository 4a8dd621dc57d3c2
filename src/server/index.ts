// The door of server.
export { ServerError, type ServerErrorCode } from "./errors.js";
export { warnOfDescriptors } from "./descriptors.js";
export { logEntry } from "./log-entry.js";
export { logOwnOutput } from "./own-output.js";
export { logPathChange } from "./log-path-change.js";
export { PluginServer, type PluginServerOptions, type ServerOptions } from "./plugin-server.js";
export { type DirectoryServerOptions, serveDirectory } from "./serve-directory.js";
export type { OwnInstances, SharedInstance, Siblings } from "./siblings.js";
export type { EventIds, PassedStep, TakeStep } from "../rpc/index.js";
export type { CreatePool, CreateSource, InstancePool, PluginSource, SourceContext } from "./plugin-source.js";
