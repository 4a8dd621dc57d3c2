// What carries an isolate: a worker thread or a child process, behind one interface.
import type { ChannelPort, IsolateTask, StartGate } from "../../channel/index.js";

/** Where plugin code runs: in a thread of this process, or in a process of its own, at which every fault ends. */
export type Isolation = "thread" | "process";

/** A started thread or process with one task for life. */
export interface Transport {
  readonly port: ChannelPort;
  /** What it passes with each event that begins; undefined where there is no memory in common. */
  readonly gate: StartGate | undefined;
  /** Settles when it is gone and nothing more comes from it: with the reason where it did not end by itself at the end of its task. */
  readonly ended: Promise<Error | undefined>;
  /** Ends it where it stands. */
  terminate(): Promise<void>;
}

/**
 * Megabytes for what a thread has made lately: two halves of 4, and room for large objects. What a call leaves is garbage by the next
 * collection: more takes memory and nothing else. V8 goes beyond the limit of a heap by what survives one such collection: from Node.js 24
 * on, where the halves are larger, that ended the process.
 */
export const YOUNG_GENERATION_MB = 12;

export interface TransportLimits {
  /** Bytes of heap. Beyond it a thread ends with an error; see docs/security.md for what this does not catch. */
  readonly memory: number;
  /** The environment that plugin code sees. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export type StartTransport = (task: IsolateTask, limits: TransportLimits) => Transport;

/** Why one of them ended: a thread's end says so; of a process V8 makes an abort. */
export const isOutOfMemory = (error: Error): boolean =>
  ("code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY") || error.message.includes("SIGABRT");
