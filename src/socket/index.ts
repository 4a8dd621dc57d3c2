// The door of socket: few modules, since a server listens before it loads anything else.
export { SocketError, type SocketErrorCode } from "./errors.js";
export { formerPath } from "./hidden-names.js";
export type { PathChange } from "./path-watch.js";
export { connectToOwn } from "./short-path.js";
export { SharedPath } from "./shared-path.js";
export { requireShortPath, UnixSocket, type UnixSocketOptions } from "./unix-socket.js";
