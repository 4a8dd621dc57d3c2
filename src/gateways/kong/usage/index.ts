// The door of usage: which PDK functions a plugin's code calls, and what a protocol makes of them.
export { CallFinder, type FoundCall } from "./find-calls.js";
export { type ProtocolLoss, protocolLosses, type ReadPlugin } from "./protocol-losses.js";
