// What Piscina loads in a thread. It is CommonJS, as Piscina first requires what it is given: where Node.js 20 requires an ES module in a
// thread that is ended meanwhile, it aborts the whole process ("IsGraphAsync must be used on an instantiated module").
type WorkerEntry = typeof import("./worker-entry.js", { with: { "resolution-mode": "import" } });

const load = (): Promise<WorkerEntry> => import("./worker-entry.js");

export = {
  runIsolate: async (...args: Parameters<WorkerEntry["runIsolate"]>): Promise<void> => (await load()).runIsolate(...args),
  scanModules: async (...args: Parameters<WorkerEntry["scanModules"]>): Promise<void> => (await load()).scanModules(...args),
};
