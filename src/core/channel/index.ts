// The door of channel: what a host and the code that runs plugins say to each other, in one thread or across two.
export { type Batch, BatchReader, BatchWriter, isBatch } from "./ports/batch.js";
export { BatchingPort } from "./ports/batching-port.js";
export { receiveCommands, writeCancel, writeStart, writeAnswer } from "./commands.js";
export { limitLog } from "./limit-log.js";
export { LineStream } from "./line-stream.js";
export type {
  DiagnosedMessage,
  Diagnosis,
  FailurePolicy,
  HostMessage,
  IsolateMessage,
  InspectorAddress,
  IsolateTask,
  LogMessage,
  ModuleArtifact,
  OwnSocket,
  PrefetchMessage,
} from "./messages.js";
export type { LoadTraces, PluginMetadata, ScanFinished, ScanItem, ScanReport, ScanTask } from "./scan-messages.js";
export type { PrefetchedAnswer, Prefetch, PrefetchKey } from "./prefetch.js";
export type {
  Ask,
  BindingSpec,
  CallHost,
  CallHostListener,
  CallLead,
  CallStart,
  CallTrace,
  FailureCircumstances,
  LogEntry,
  LogLevel,
} from "./call-host.js";
export { pipePort, type PipePort } from "./ports/pipe-port.js";
export type { ChannelPort } from "./ports/port.js";
export { asIsolateMessage, asScanReport } from "./received.js";
export { receiveReports, type ReportReceiver, writeAsks, writeFailure, writeDone } from "./reports.js";
export { StartGate } from "./start-gate.js";
export { threadPort } from "./ports/thread-port.js";
