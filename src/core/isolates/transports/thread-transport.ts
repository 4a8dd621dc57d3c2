// Carries isolates in Piscina's worker threads.
import { MessageChannel } from "node:worker_threads";
import { Piscina } from "piscina";
import { type IsolateTask, StartGate, threadPort } from "../../channel/index.js";
import { keepLoopsEndable } from "./endable-loops.js";
import { endOfThread } from "./hung-threads.js";
import { type Transport, type TransportLimits, YOUNG_GENERATION_MB } from "./transport.js";

const WORKER_ENTRY = new URL("../../worker/thread-entry.cjs", import.meta.url).href;
const MEGABYTE = 1024 * 1024;

/** A pool for one task in one thread. Atomics are off: waiting on them would stop the thread's event loop. */
export function singleThread(task: "runIsolate" | "scanModules", limits: TransportLimits): Piscina {
  keepLoopsEndable();
  const pool = new Piscina({
    filename: WORKER_ENTRY,
    name: task,
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: Infinity,
    atomics: "disabled",
    recordTiming: false,
    workerHistogram: false,
    resourceLimits: {
      maxOldGenerationSizeMb: Math.ceil(limits.memory / MEGABYTE),
      maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
    },
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
  const end = async (): Promise<void> => {
    await endOfThread({ plugin: task.plugin, isServing: true }, pool.destroy());
  };
  const ended = pool
    .run({ task, port: port2, gate: gate.memory }, { transferList: ownPort === undefined ? [port2] : [port2, ownPort] })
    .then(
      () => undefined,
      (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown))),
    )
    .finally(end);
  return { port: threadPort(port1), gate, ended, terminate: end };
}
