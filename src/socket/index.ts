// The door of socket: few modules, since a server listens before it loads anything else.
export { SocketError, type SocketErrorCode } from "./errors.js";
export { FormerSocket } from "./former-socket.js";
export { formerPath } from "./hidden-names.js";
export { inodeAt } from "./path-entry.js";
export type { PathChange } from "./path-watch.js";
export { connectToOwn } from "./short-path.js";
export { SharedPath } from "./shared-path.js";
export { type Listen, type ListeningSocket, requireShortPath, UnixSocket, type UnixSocketOptions } from "./unix-socket.js";
