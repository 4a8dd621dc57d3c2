// Reads the metadata of many modules in one short-lived isolate, and in another where one of them hangs or kills it.
import { MessageChannel } from "node:worker_threads";
import {
  asScanReport,
  type LoadTraces,
  type LogEntry,
  type PluginMetadata,
  type ScanFinished,
  type ScanItem,
  type ScanTask,
} from "../../channel/index.js";
import { type ErrorInfo, toErrorInfo } from "../../model/index.js";
import { endOfThread } from "./hung-threads.js";
import { RunQueue } from "../run-queue.js";
import type { TransportLimits } from "./transport.js";
import { singleThread } from "./thread-transport.js";

export type ScanResult =
  | { readonly ok: true; readonly metadata: PluginMetadata; readonly traces: LoadTraces }
  | { readonly ok: false; readonly error: ErrorInfo };

export interface ScanOptions {
  /** How long one module may take to load, in milliseconds. */
  readonly timeout: number;
  readonly limits: TransportLimits;
  /** URL of the module that is the gateway's half in an isolate. */
  readonly gatewayWorker: string;
  /** Whether each plugin begins too: one that cannot does not load. */
  readonly runsInit?: boolean;
  /** A line that a module printed while it was read. */
  readonly onLog: (item: ScanItem, entry: LogEntry) => void;
}

/** One result per item, in order. A module that hangs, exits or crashes spoils only its own. */
export async function scanInIsolates(items: readonly ScanItem[], options: ScanOptions): Promise<ScanResult[]> {
  const results: ScanResult[] = [];
  while (results.length < items.length) {
    results.push(...(await scanRun(items.slice(results.length), options)));
  }
  return results;
}

/** Scans until the end or the first item that takes the isolate down, that one included: always at least one. */
async function scanRun(items: readonly ScanItem[], options: ScanOptions): Promise<ScanResult[]> {
  const results: ScanResult[] = [];
  const { gatewayWorker, runsInit = false } = options;
  const pool = singleThread("scanModules", options.limits);
  const { port1, port2 } = new MessageChannel();
  const watchdog = new Watchdog(options.timeout);
  port1.on("message", (received: unknown) => {
    const report = asScanReport(received);
    const item = report === undefined ? undefined : items[report.index];
    if (report === undefined || item === undefined) return;
    if (report.kind === "scan-started") watchdog.restart(report.thread);
    else if (report.kind === "scan-log") options.onLog(item, report.entry);
    else if (report.index === results.length) results.push(toResult(report));
  });
  const closed = new Promise<void>((resolve) => port1.on("close", resolve));
  const failure = await Promise.race([
    pool.run({ port: port2, items, gatewayWorker, runsInit } satisfies ScanTask, { transferList: [port2] }),
    watchdog.expired,
  ]).then(() => undefined, toErrorInfo);
  watchdog.stop();
  const plugin = items[results.length]?.name ?? "?";
  if ((await endOfThread({ plugin, isServing: false }, pool.destroy())) === "hung") port1.close();
  // Reports of the modules before the one that failed may still be on their way.
  await closed;
  if (results.length < items.length)
    results.push({ ok: false, error: failure ?? toErrorInfo(new Error("the isolate ended while the module was loading")) });
  return results;
}

function toResult({ result, traces }: ScanFinished): ScanResult {
  return "stack" in result ? { ok: false, error: result } : { ok: true, metadata: result, traces };
}

/** Rejects when it has not been restarted for `timeout` milliseconds, without those in which the thread had no processor. */
class Watchdog {
  readonly expired: Promise<never>;
  readonly #timeout: number;
  #reject: (error: Error) => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #runQueue: RunQueue | undefined;

  constructor(timeout: number) {
    this.#timeout = timeout;
    this.expired = new Promise((_, reject) => {
      this.#reject = reject;
    });
    // Whoever stops the watchdog no longer listens.
    this.expired.catch(() => {});
  }

  restart(thread: string | undefined): void {
    if (thread !== undefined) this.#runQueue ??= new RunQueue(thread);
    this.#wait(this.#timeout);
  }

  #wait(left: number): void {
    this.stop();
    const before = this.#waited();
    this.#timer = setTimeout(() => {
      const starved = this.#waited() - before;
      if (starved >= 1) this.#wait(Math.min(left, starved));
      else this.#reject(new Error(`the module was still loading after ${this.#timeout / 1000} s`));
    }, left);
  }

  #waited(): number {
    return this.#runQueue?.waited() ?? 0;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
