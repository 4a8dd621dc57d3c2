// The door of the test support: the real binary, an independent client, and a gateway's part of the conversation.
export { createTempDir } from "./temp-dir.js";
export type { TempDir } from "./temp-dir.js";
export { bytesOf, decodeExact, encodeExact, mapEntries, normalise, spanOf } from "./exact.js";
export type { Decoded, Exact } from "./exact.js";
export { plainValue, recordedArguments, recordedStruct, recordedValue } from "./recorded-arguments.js";
export { frame, FrameClient, message, rpcCall } from "./frame-client.js";
export { encodeRequest, RpcError, WireClient } from "./wire-client.js";
export type { Reply, WireMessage } from "./wire-client.js";
export { BINARY, startProgram, startServer } from "./start-server.js";
export type { Exit, RunningServer, StartOptions } from "./start-server.js";
export { runCli } from "./run-cli.js";
export type { CliOptions, CliResult } from "./run-cli.js";
export { isRecord } from "./is-record.js";
export { GatewayAnswer } from "./phase-run.js";
export type { Answer, PdkCall, PhaseOptions, PhaseRun } from "./phase-run.js";
export { connectPeer, PROTOCOLS, ProtobufPeer } from "./protobuf-peer.js";
export type { Peer, TestProtocol } from "./protobuf-peer.js";
export { parseStep, runPhase, startInstance, stepRequest } from "./run-phase.js";
