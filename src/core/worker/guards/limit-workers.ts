// Gives the workers that plugin code starts the heap limit of its isolate: Node.js gives them none of their own.
import { syncBuiltinESMExports } from "node:module";
import workerThreads, { isMainThread, resourceLimits, type WorkerOptions } from "node:worker_threads";

/** In a child process the limit is a flag, which holds for its workers too. */
export function limitWorkers(): void {
  if (isMainThread) return;
  const { maxOldGenerationSizeMb: limit = Infinity } = resourceLimits;
  const { Worker } = workerThreads;
  workerThreads.Worker = class extends Worker {
    constructor(file: string | URL, options: WorkerOptions = {}) {
      const wanted = options.resourceLimits?.maxOldGenerationSizeMb ?? limit;
      const limits = { ...options.resourceLimits, maxOldGenerationSizeMb: Math.min(wanted, limit) };
      super(file, { ...options, resourceLimits: limits });
    }
  };
  Object.defineProperty(workerThreads.Worker, "name", { value: "Worker" });
  syncBuiltinESMExports();
}
