// Keeps plugin code from what is not its own: descriptors, signals, threads beyond the limits of its isolate.
import { closeSync, readdirSync, readFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import workerThreads, { isMainThread, resourceLimits, type WorkerOptions } from "node:worker_threads";

/** The descriptor of the pipe to the server. */
export const CHANNEL = 3;
const FIRST_OTHER = CHANNEL + 1;
/** `O_CLOEXEC` on Linux. Node.js opens everything with it, so what lacks it was opened by whoever started the server. */
const CLOSE_ON_EXEC = 0o2000000;

/** Does nothing where the system does not tell about descriptors. */
export function closeInherited(): void {
  for (const descriptor of descriptors()) {
    if (descriptor >= FIRST_OTHER && isInherited(descriptor)) closeSync(descriptor);
  }
}

function descriptors(): number[] {
  try {
    return readdirSync("/proc/self/fdinfo").map(Number);
  } catch {
    // A system without /proc: nothing is known to be inherited.
    return [];
  }
}

function isInherited(descriptor: number): boolean {
  try {
    const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8"))?.[1];
    return flags !== undefined && (parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
  } catch {
    // The one that the list was read with is gone.
    return false;
  }
}

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

interface ProcessFacts {
  readonly parent: number;
  readonly group: number;
}

/** Undefined where the system does not tell, or the process has gone. */
function factsOf(pid: number): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // Behind the name, which may contain anything.
    const [, parent, group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { parent: Number(parent), group: Number(group) };
  } catch {
    return undefined;
  }
}

/** The server, and what it was started by: none of them is a plugin's business. */
function protectedProcesses(server: number): Map<number, number | undefined> {
  const groups = new Map<number, number | undefined>();
  for (let pid = server; pid > 0 && !groups.has(pid);) {
    const facts = factsOf(pid);
    groups.set(pid, facts?.group);
    pid = facts?.parent ?? 0;
  }
  return groups;
}

/** Why a plugin may not send a signal to `target`, as `process.kill` takes it; undefined where it may. */
export function whyRefused(target: number, server: number): string | undefined {
  if (target === -1) return "it is every process there is";
  if (target === 0) return "it is the plugin's whole process group";
  const groups = protectedProcesses(server);
  if (target === server) return "all plugins run in it, or end with it";
  if (groups.has(target)) return "the server runs under it";
  return target < 0 && [...groups.values()].includes(-target) ? "the server belongs to that process group" : undefined;
}

/**
 * In a thread the server is the process itself. In a child process it is the parent; there plugin code may end its own process,
 * which is its alone.
 */
export function refuseSignals(): void {
  const server = isMainThread ? process.ppid : process.pid;
  const kill = process.kill.bind(process);
  process.kill = (pid: number, signal?: string | number): true => {
    // Node.js takes text too.
    const target = Math.trunc(pid);
    const reason = signal === 0 ? undefined : whyRefused(target, server);
    if (reason !== undefined) throw new Error(`a plugin may not send ${signal ?? "SIGTERM"} to process ${target}: ${reason}`);
    return kill(Number.isNaN(target) ? pid : target, signal);
  };
}
