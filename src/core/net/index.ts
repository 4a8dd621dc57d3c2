// The door of net: listeners, takeover of a path, and who owns which memory.
export { warnOfDescriptors, Descriptors } from "./descriptors.js";
export { FormerSocket } from "./paths/former-socket.js";
export { formerPath } from "./paths/hidden-names.js";
export { CoveredPath } from "./paths/path-cover.js";
export { inodeAt } from "./paths/path-entry.js";
export { logPathChange, type PathChange } from "./paths/path-watch.js";
export { readInto } from "./read-into.js";
export { isOwnMemory, releaseMemory, SHARED_SIZE } from "./memory.js";
export { SocketError } from "./errors.js";
export { removeDeadFormer } from "./paths/shared-folder.js";
export { SharedPath } from "./paths/shared-path.js";
export { sharesPorts, TcpSocket, type TcpSocketOptions } from "./tcp-socket.js";
export { connectTo, connectToOwn, isServed } from "./paths/short-path.js";
export { type Listen, type ListeningSocket, requireShortPath, UnixSocket, type UnixSocketOptions } from "./unix-socket.js";
