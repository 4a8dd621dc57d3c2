// Carries isolates in worker threads: Piscina's, and those that a program starts from its own file.
import { MessageChannel, type MessagePort, Worker, workerData } from "node:worker_threads";
import { Piscina } from "piscina";
import { type IsolateTask, StartGate, threadPort, type ChannelPort } from "../../channel/index.js";
import type { Transport, TransportLimits, StartTransport } from "./transport.js";

const WORKER_ENTRY = new URL("../../worker/worker-entry.js", import.meta.url).href;
const MEGABYTE = 1024 * 1024;

/** A pool for one task in one thread. Atomics are off: waiting on them would stop the thread's event loop. */
export function singleThread(task: "runIsolate" | "scanModules", limits: TransportLimits): Piscina {
  const pool = new Piscina({
    filename: WORKER_ENTRY,
    name: task,
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: Infinity,
    atomics: "disabled",
    recordTiming: false,
    workerHistogram: false,
    resourceLimits: { maxOldGenerationSizeMb: Math.ceil(limits.memory / MEGABYTE) },
    env: { ...limits.env },
    // Descriptors that plugin code left open go with its thread.
    trackUnmanagedFds: true,
  });
  // The task's own promise reports every error there is; without a listener this copy would end the process.
  pool.on("error", () => {});
  return pool;
}

export function startThread(task: IsolateTask, limits: TransportLimits): Transport {
  const { port1, port2 } = new MessageChannel();
  const pool = singleThread("runIsolate", limits);
  const gate = new StartGate();
  const ownPort = task.ownSocket?.port;
  const ended = pool
    .run({ task, port: port2, gate: gate.memory }, { transferList: ownPort === undefined ? [port2] : [port2, ownPort] })
    .then(
      () => undefined,
      (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown))),
    )
    .finally(() => pool.destroy());
  return { port: threadPort(port1), gate, ended, terminate: () => pool.destroy() };
}

interface OwnThreadData {
  readonly pluginserver: { readonly task: IsolateTask; readonly port: MessagePort; readonly gate: SharedArrayBuffer };
}

/** What a thread has that was started by {@link startOwnThread}. */
export interface OwnThread {
  readonly task: IsolateTask;
  readonly channel: ChannelPort;
  readonly gate: StartGate;
}

/** Starts threads that run `file`, which is to look for its {@link ownThread}. */
export function startOwnThread(file: string): StartTransport {
  return (task, limits: TransportLimits): Transport => {
    const { port1, port2 } = new MessageChannel();
    const gate = new StartGate();
    const worker = new Worker(file, {
      workerData: { pluginserver: { task, port: port2, gate: gate.memory } } satisfies OwnThreadData,
      transferList: [port2],
      resourceLimits: { maxOldGenerationSizeMb: Math.ceil(limits.memory / MEGABYTE) },
      env: { ...limits.env },
      // All that the plugin prints is log. A reader here would have Node.js ask in the thread for the streams that the log
      // has replaced, and fail.
      stdout: true,
      stderr: true,
      // Descriptors that plugin code left open go with its thread.
      trackUnmanagedFds: true,
    });
    let reason: Error | undefined;
    const ended = new Promise<Error | undefined>((resolve) => {
      worker.once("error", (error: unknown) => {
        reason = error instanceof Error ? error : new Error(String(error));
      });
      worker.once("exit", (code) => resolve(reason ?? (code === 0 ? undefined : new Error(`its thread exited with ${code}`))));
    });
    return {
      port: threadPort(port1),
      gate,
      ended,
      terminate: async () => {
        await worker.terminate();
        await ended;
      },
    };
  };
}

export function ownThread(): OwnThread | undefined {
  if (!isOwnThread()) return undefined;
  const { task, port, gate } = (workerData as OwnThreadData).pluginserver;
  return { task, channel: threadPort(port), gate: new StartGate(gate) };
}

/** Whether {@link startOwnThread} started this thread. */
export function isOwnThread(): boolean {
  const data: unknown = workerData;
  return typeof data === "object" && data !== null && "pluginserver" in data;
}
