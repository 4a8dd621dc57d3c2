// Names every message between a host and the isolate that reads what modules say of themselves.
import type { MessagePort } from "node:worker_threads";
import type { ErrorInfo } from "../model/index.js";
import type { LogEntry } from "./call-host.js";
import type { FailurePolicy, ModuleArtifact } from "./messages.js";

/** What a module says of itself, read in the scanning isolate. */
export interface PluginMetadata {
  /** Whose plugin it is, where several gateways share a directory. */
  readonly gateway?: string;
  /** Which of the gateway's forms its module has. */
  readonly form: string;
  readonly name: string;
  readonly version: string;
  /** What the gateway may call in it. */
  readonly functions: readonly string[];
  /** What other gateways may call in it, by their names. */
  readonly functionsFor?: Readonly<Record<string, readonly string[]>>;
  /** Of its configuration, in the gateway's schema language. */
  readonly schema: readonly unknown[];
  /** The version of the plugin API that the module itself states. */
  readonly apiVersion?: string;
  /** The API put its version into the plugin: that counts, whatever is installed beside it. */
  readonly hasStamp?: true;
  /** Seconds that one run of a phase may take; the server's own limit where it is absent. */
  readonly timeout?: number;
  /** What becomes of a request whose event failed; the server's own rule where it is absent. */
  readonly onError?: FailurePolicy;
  /** Where its code is to run; the server's own rule where it is absent. */
  readonly isolation?: "thread" | "process";
  /** Whether it cleans up at the end of its isolate. */
  readonly disposes?: true;
  /** What else the gateway's half in the isolate has to say to its half on the host: the core only hands it on. */
  readonly announcement?: unknown;
}

/** One module that the scanning isolate is to read. */
export interface ScanItem {
  /** The file's or folder's name: the plugin's name where the module states none. */
  readonly name: string;
  readonly artifact: ModuleArtifact;
}

/** The task of the scanning isolate. */
export interface ScanTask {
  readonly port: MessagePort;
  readonly items: readonly ScanItem[];
  /** URL of the module that is the gateway's half in an isolate. */
  readonly gatewayWorker: string;
  /** Whether each plugin begins and ends as in an isolate of its own: one that cannot begin does not load. */
  readonly runsInit: boolean;
}

/** From the scanning isolate: it starts on an item, so that a hang or a crash is known to be of that item. */
export interface ScanStarted {
  readonly kind: "scan-started";
  readonly index: number;
  /** In which thread it runs, as the system names it, where it tells. */
  readonly thread: string | undefined;
}

/** What a module asked of the world while it was loaded: what it says of itself may depend on that. */
export interface LoadTraces {
  /** Names of environment variables; `*` stands for all. */
  readonly variables: readonly string[];
  /** It read no file, opened no connection and started no program. */
  readonly isRepeatable: boolean;
  /** It begins with code of its own, which may fail another time. */
  readonly hasInit: boolean;
}

export interface ScanFinished {
  readonly kind: "scan-finished";
  readonly index: number;
  readonly result: PluginMetadata | ErrorInfo;
  readonly traces: LoadTraces;
}

/** Plugin code wrote while it was scanned. */
export interface ScanLog {
  readonly kind: "scan-log";
  readonly index: number;
  readonly entry: LogEntry;
}

export type ScanReport = ScanStarted | ScanFinished | ScanLog;
