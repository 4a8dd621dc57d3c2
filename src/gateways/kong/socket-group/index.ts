// The door of socket-group: the sockets of one plugin's own, served by its isolates in turn.
export { Board } from "./board.js";
export { type OwnSocketOptions, ownSocketOf, requireShortDirectory } from "./own-socket.js";
