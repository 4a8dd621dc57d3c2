// The door of embedded: a plugin as a server of its own. Programs use `public.ts`, which is `pluginserver/server`.
export { type OwnSocketOptions, ownSocketOf, requireShortDirectory } from "./own-socket.js";
export { runFile } from "./run-file.js";
export { SERVER_ENTRY } from "./server-entry.js";
