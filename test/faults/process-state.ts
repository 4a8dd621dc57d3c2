// Owns what the kernel knows of a process: its memory, descriptors and threads.
import { readdirSync, readFileSync } from "node:fs";

export interface ProcessState {
  readonly descriptors: number;
  readonly threads: number;
  readonly residentBytes: number;
}

export function processState(pid: number): ProcessState {
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: readdirSync(`/proc/${pid}/task`).length,
    residentBytes: Number(resident) * 1024,
  };
}

/** Looks until `check` gives true: for what a process does in its own time, with nothing to wait for. */
export async function eventually(check: () => boolean | Promise<boolean>, what: () => string, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
