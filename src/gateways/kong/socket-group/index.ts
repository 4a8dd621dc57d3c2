// The door of socket-group: the sockets of one plugin's own, served by its isolates in turn.
export { Board } from "./board.js";
export type { OwnSocketOptions } from "./own-server.js";
export { ownSocketOf, requireShortDirectory } from "./own-socket.js";
