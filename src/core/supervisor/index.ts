// The door of supervisor: few modules, since a server listens before it loads anything else.
export { EarlySocket, type SocketPlace } from "./early-socket.js";
export { EarlySockets } from "./early-sockets.js";
export type { ServedPath } from "./messages.js";
export { ownStderr } from "./own-stderr.js";
export { programName } from "./program-name.js";
export { sameCommand } from "./same-command.js";
export { supervise } from "./supervise.js";
export { WatchedFront } from "./watched-front.js";
export { type Front, isSupervised, type Keeper, Supervised, supervisorOfThis } from "./supervised.js";
