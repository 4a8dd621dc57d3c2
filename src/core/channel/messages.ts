// Names every message between a host and its isolate.
import type { MessagePort } from "node:worker_threads";
import type { ErrorInfo } from "../model/index.js";
import type { IsolateVitals, ServedSample, TracedCall } from "../telemetry/index.js";
import type { Prefetch, PrefetchKey } from "./prefetch.js";
import type { BindingSpec, LogEntry } from "./call-host.js";

/** A plugin's compiled code: one generation, the same text in every isolate and after every restart. */
export interface ModuleArtifact {
  /** Absolute path of the module it was compiled from; stack traces name it. */
  readonly entry: string;
  readonly format: "esm" | "cjs";
  readonly code: string;
}

/** What becomes of what a failed call was for: it is refused, or goes on as if the plugin were not there. */
export type FailurePolicy = "exit" | "continue";

/** Where a debugger can reach an isolate. */
export interface InspectorAddress {
  readonly host: string;
  readonly port: number;
}

/** A socket that an isolate serves itself, beside what comes over its channel. */
export interface OwnSocket {
  /** URL of the module whose `serveOwnSocket` serves it: the runtime knows no server. */
  readonly module: string;
  /** Plain data for that function. */
  readonly settings: object;
  /** An end of a channel that it gets besides. Only a thread can have one. */
  readonly port?: MessagePort;
}

/** What a plugin's isolate is to run. */
export interface IsolateTask {
  /** Name of the plugin, for the messages of its code. */
  readonly plugin: string;
  readonly artifact: ModuleArtifact;
  /** URL of the module that is the gateway's half in an isolate: the core knows no gateway. */
  readonly gatewayWorker: string;
  /** Opened before the module is evaluated. */
  readonly inspect?: InspectorAddress;
  /** Bytes that a request's body may have which the gateway leaves in a file. */
  readonly maxBodySize: number;
  /** Milliseconds that the plugin may take to clean up. */
  readonly disposeTimeout: number;
  /** Listens before the isolate is ready. */
  readonly ownSocket?: OwnSocket;
}

export interface BindMessage {
  readonly kind: "bind";
  readonly spec: BindingSpec;
}

export interface UnbindMessage {
  readonly kind: "unbind";
  readonly bindingId: number;
}

/** The isolate is to end its task; its thread ends then. */
export interface StopMessage {
  readonly kind: "stop";
}

/** Asks for a sign of life, and what the isolate weighs. What was sent behind it is still unread while no pong comes. */
export interface PingMessage {
  readonly kind: "ping";
  /** On the system's monotonic clock, in milliseconds. */
  readonly sentAt: number;
}

/** Asks what the isolate holds, and what it has counted. It is no sign of life. */
export interface SampleMessage {
  readonly kind: "sample";
  readonly sentAt: number;
}

/** Asks the isolate to collect its garbage, and what is left then. */
export interface WeighMessage {
  readonly kind: "weigh";
}

/** What a process that serves a socket of its own is to log at least: it has no memory in common with the server. */
export interface LogLevelMessage {
  readonly kind: "log-level";
  readonly level: number;
}

/** What an isolate can find out about itself; it writes the result into a file, which is there and empty. */
export type Diagnosis =
  | { readonly kind: "heap"; readonly file: string }
  | { readonly kind: "profile"; readonly file: string; readonly milliseconds: number };

/** Answered with {@link DiagnosedMessage}. */
export interface DiagnoseMessage {
  readonly kind: "diagnose";
  readonly id: number;
  readonly diagnosis: Diagnosis;
}

/** Host to isolate, beside the batches of messages about calls. */
export type HostMessage =
  BindMessage | UnbindMessage | StopMessage | PingMessage | SampleMessage | WeighMessage | LogLevelMessage | DiagnoseMessage;

/** In which thread it runs, as the system names it (`PID/task/TID`). The first message, where the system tells. */
export interface ThreadMessage {
  readonly kind: "thread";
  readonly thread: string;
}

/** The module is evaluated, or has failed to be: what was sent before is read now. */
export interface ReadyMessage {
  readonly kind: "ready";
}

export interface PongMessage {
  readonly kind: "pong";
  /** Bytes of the heap and outside it that belong to this isolate, garbage included. */
  readonly memory: number;
  readonly vitals: IsolateVitals;
  /** Why its runtime works no more, where it does not. */
  readonly broken?: string | undefined;
}

export interface SampledMessage {
  readonly kind: "sampled";
  readonly vitals: IsolateVitals;
  /** Of the server that it is itself, where it serves a socket of its own. */
  readonly server?: ServedSample | undefined;
}

/** The isolate counts calls itself, in this memory; a copy of it where there is no memory in common. */
export interface CountingMessage {
  readonly kind: "counting";
  readonly id: number;
  /** In the order in which the memory has them. */
  readonly functions: readonly string[];
  readonly memory: SharedArrayBuffer | Uint8Array;
}

/** That memory is not written any more: what was counted there is to be kept. */
export interface CountedMessage {
  readonly kind: "counted";
  readonly id: number;
}

/** Calls that it served itself, over its own socket, and that are recorded in traces. */
export interface TracedMessage {
  readonly kind: "traced";
  readonly calls: readonly TracedCall[];
  /** More of them, for which there was no room. */
  readonly dropped: number;
}

export interface WeighedMessage {
  readonly kind: "weighed";
  /** The same bytes, without garbage. */
  readonly memory: number;
}

/** The diagnosis with this id is in its file, or why it is not. */
export interface DiagnosedMessage {
  readonly kind: "diagnosed";
  readonly id: number;
  readonly problem?: string | undefined;
}

export interface BindingFailedMessage {
  readonly kind: "binding-failed";
  readonly bindingId: number;
  readonly error: ErrorInfo;
}

export interface LogMessage {
  readonly kind: "log";
  readonly entry: LogEntry;
}

/** A handler has returned whose event came over its own socket: what follows is not a start that fails. Told once. */
export interface ProductiveMessage {
  readonly kind: "productive";
}

/** Calls of this function of the binding begin so; with anything, where there is no prefetch. */
export interface PrefetchMessage extends PrefetchKey {
  readonly kind: "prefetch";
  readonly prefetch: Prefetch | undefined;
}

/** Isolate to host, beside the batches of messages about calls. */
export type IsolateMessage =
  | ThreadMessage
  | ReadyMessage
  | PongMessage
  | SampledMessage
  | CountingMessage
  | CountedMessage
  | TracedMessage
  | WeighedMessage
  | DiagnosedMessage
  | ProductiveMessage
  | BindingFailedMessage
  | LogMessage
  | PrefetchMessage;
