// The door of channel: what a host and the code that runs plugins say to each other, in one thread or across two.
export { type Batch, BatchReader, BatchWriter, isBatch } from "./batch.js";
export { BatchingPort } from "./batching-port.js";
export { receiveCommands, writeCancelEvent, writeStartEvent, writeStep } from "./commands.js";
export { limitLog } from "./limit-log.js";
export { LineStream } from "./line-stream.js";
export type {
  HostMessage,
  IsolateMessage,
  InspectorAddress,
  IsolateTask,
  LogMessage,
  ModuleArtifact,
  OwnSocket,
  PluginMetadata,
  ScanItem,
  ScanReport,
  ScanTask,
} from "./messages.js";
export type { AskedCall, Opening, OpeningKey } from "./opening.js";
export type { InstanceSpec, LogEntry, LogLevel, PdkCall, PhaseHost, PhaseHostListener, Protocol } from "./phase-host.js";
export { pipePort, type PipePort } from "./pipe-port.js";
export type { ChannelPort } from "./port.js";
export { asIsolateMessage, asScanReport } from "./received.js";
export { receiveReports, writeCalls, writeFailure, writeReturn } from "./reports.js";
export { StartGate } from "./start-gate.js";
export { threadPort } from "./thread-port.js";
