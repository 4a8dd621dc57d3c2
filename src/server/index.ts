// The door of server.
export { ServerError, type ServerErrorCode } from "./errors.js";
export { PluginServer, type PluginServerOptions, type ServerOptions } from "./plugin-server.js";
export { type DirectoryServerOptions, serveDirectory } from "./serve-directory.js";
export type { CreatePool, CreateSource, InstancePool, PluginSource, SourceContext } from "./plugin-source.js";
