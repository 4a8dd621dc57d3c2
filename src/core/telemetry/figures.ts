// Names what a server can say of itself at any moment: plain data, which metrics, status and pages are made of. Times that are
// durations are in seconds, moments are Unix times in milliseconds, sizes are in bytes.
import type { Histogram } from "./histogram.js";

/**
 * Why a call failed: its function threw (`threw`), its deadline passed (`timeout`), its isolate ended or is about to start again
 * (`isolate_died`), it was one too many (`overloaded`), its binding cannot run (`configuration`), the gateway refused what its function
 * asked (`refused`), the gateway or its client left (`abandoned`), the server ended (`stopped`).
 */
export type FailureReason = (typeof FAILURE_REASONS)[number];

export const FAILURE_REASONS = [
  "threw",
  "timeout",
  "isolate_died",
  "overloaded",
  "configuration",
  "refused",
  "abandoned",
  "stopped",
] as const;

/** What was counted of one function of one plugin since the server began, in all of its isolates. */
export interface FunctionFigures {
  readonly gateway: string;
  /** `""` for calls of plugins that are not served. */
  readonly plugin: string;
  /** In the gateway's words; `other` for all that the plugin does not have. */
  readonly function: string;
  /** Calls that have ended, failed ones included. */
  readonly calls: number;
  readonly failures: Readonly<Record<FailureReason, number>>;
  /** Calls under way. */
  readonly running: number;
  /** What calls asked of the gateway. */
  readonly asks: number;
  /** What the gateway sent to calls: payloads and answers. */
  readonly bytesIn: number;
  /** What calls sent to the gateway: asks and results. */
  readonly bytesOut: number;
  /** From the first byte of a call until the gateway got its end. A call that its isolate took along is in none of the two histograms. */
  readonly duration: Histogram;
  /** The part of it in which the plugin's handler ran, waits included. A call whose handler did not begin, or never ended, is not in it. */
  readonly handler: Histogram;
}

export type IsolateState = "loading" | "serving" | "draining";

/**
 * Why an isolate ended before its time: out of memory (`memory`), no sign of life (`stalled`), only calls that run into their deadline
 * (`overdue`), a runtime that plugin code has broken (`broken`), it ended by itself or crashed (`ended`).
 */
export type DeathReason = (typeof DEATH_REASONS)[number];

export const DEATH_REASONS = ["memory", "stalled", "overdue", "broken", "ended"] as const;

/** One isolate that is there now. */
export interface IsolateFigures {
  readonly gateway: string;
  readonly plugin: string;
  /** Its place among the isolates of its plugin, from 0: a successor has the same. */
  readonly slot: number;
  readonly kind: "thread" | "process";
  readonly state: IsolateState;
  readonly startedAt: number;
  /** Calls that it was sent and has not ended. */
  readonly running: number;
  /** Of its heap in use, garbage included; undefined until it has told. */
  readonly heapBytes: number | undefined;
  /** Held outside of the heap: buffers. */
  readonly externalBytes: number | undefined;
  /** What its heap may grow to. */
  readonly limitBytes: number;
  /** How long what was last sent to it waited until its event loop took it, in seconds. */
  readonly eventLoopDelay: number | undefined;
  /** The longest of these since it began. */
  readonly maxEventLoopDelay: number | undefined;
  /** Processor time of its thread, in seconds; undefined where the system does not tell. */
  readonly cpuSeconds: number | undefined;
}

export interface ErrorFigures {
  readonly at: number;
  readonly function: string | undefined;
  readonly reason: FailureReason | "isolate" | "reload" | "stray";
  readonly message: string;
}

/** One plugin that is served. */
export interface PluginFigures {
  readonly gateway: string;
  readonly plugin: string;
  readonly version: string;
  /** 1 for the code that the server began with, one more with each reload. */
  readonly generation: number;
  readonly loadedSince: number;
  /** Bindings that live, and those that sleep until they are used again. */
  readonly bindings: number;
  readonly sleepingBindings: number;
  readonly reloads: number;
  /** Changes of its files that did not load. */
  readonly failedReloads: number;
  /** Isolates started since the server began, and how they ended other than asked to. */
  readonly starts: number;
  readonly deaths: Readonly<Record<DeathReason, number>>;
  /** Isolates that were replaced since they were near their limit of memory. */
  readonly recycles: number;
  /** The newest first; a few. */
  readonly lastErrors: readonly ErrorFigures[];
}

/** What one gateway's listeners count. */
export interface GatewayFigures {
  readonly gateway: string;
  /** Open now. */
  readonly connections: number;
  readonly acceptedConnections: number;
  readonly refusedConnections: number;
}

export interface ProcessFigures {
  readonly pid: number;
  readonly startedAt: number;
  readonly version: string;
  readonly node: string;
  /** As Node.js names them, such as `linux` and `x64`. */
  readonly platform: string;
  readonly arch: string;
  /** Lines that nobody read in time. */
  readonly droppedLogLines: number;
  /** Calls that were recorded in traces; undefined where none are. */
  readonly tracedCalls: number | undefined;
  /** Of these, those that no collector got: they came too quickly, or it did not take them. */
  readonly droppedSpans: number | undefined;
  /** Undefined where the system does not tell. */
  readonly openDescriptors: number | undefined;
  readonly maxDescriptors: number | undefined;
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
  /** Of the whole process, threads included, in seconds. */
  readonly cpuSeconds: number;
  /** Of the main thread: how late its timer last was, and the latest since the server began; undefined until that is looked at. */
  readonly eventLoopDelay: number | undefined;
  readonly maxEventLoopDelay: number | undefined;
}

/** The bundles that plugins come in. */
export interface BundleFigures {
  /** Where they are from, without what lets in. */
  readonly source: string;
  readonly served: readonly {
    readonly name: string;
    readonly version: string;
    /** SHA-256 of the bundle, in hex. */
    readonly digest: string;
    /** Since when it is here: Unix time in milliseconds. */
    readonly since: number;
  }[];
  /** Bundles, and looks at what there is, that came to nothing, by the reason. */
  readonly failures: Readonly<Record<string, number>>;
  /** Why they are not as they should be. */
  readonly problems: readonly string[];
}

/** All that a server can say of itself. */
export interface ServerFigures {
  readonly at: number;
  readonly process: ProcessFigures;
  readonly gateways: readonly GatewayFigures[];
  readonly plugins: readonly PluginFigures[];
  readonly functions: readonly FunctionFigures[];
  readonly isolates: readonly IsolateFigures[];
  /** Undefined where plugins are in a folder. */
  readonly bundles?: BundleFigures | undefined;
}
