// Keeps a plugin from ending the server, or whoever started it, with a signal.
import { readFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

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
