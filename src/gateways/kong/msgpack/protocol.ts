// Names the protocols that gateways speak, and the functions of the core that phases are in each of them.

/** What the gateway of an event speaks: its PDK calls and their results are encoded so. */
export type Protocol = "MsgPack:1" | "ProtoBuf:1";

/** The core knows functions alone: how a phase's calls are encoded is part of its function's name. */
const MSGPACK = "m/";
const PROTOBUF = "p/";

/** The function that is a phase whose PDK calls go out in this protocol. */
export const phaseFunction = (protocol: Protocol, phase: string): string =>
  protocol === "MsgPack:1" ? MSGPACK + phase : PROTOBUF + phase;

export const protocolOfFunction = (functionName: string): Protocol =>
  functionName.startsWith(PROTOBUF) ? "ProtoBuf:1" : "MsgPack:1";

export const phaseOfFunction = (functionName: string): string => functionName.slice(MSGPACK.length);
