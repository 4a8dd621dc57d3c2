// Reads CPU time and memory of processes out of /proc.
import { readdirSync, readFileSync } from "node:fs";

const TICK_SECONDS = 0.01;
const NANO = 1e-9;
const IDLE = 3;
const IOWAIT = 4;
const GUEST = 8;

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The thread or process has ended in between.
    return "";
  }
}

function threads(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** The process and everything that it started. */
export function processTree(pid: number): number[] {
  const children = threads(pid).flatMap((thread) => read(`/proc/${pid}/task/${thread}/children`).split(" ").filter(Boolean));
  return [pid, ...children.flatMap((child) => processTree(Number(child)))];
}

/** CPU seconds of all threads of these processes, to the nanosecond where the kernel tells. */
export function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + processSeconds(pid), 0);
}

function processSeconds(pid: number): number {
  const scheduled = threads(pid).map((thread) => read(`/proc/${pid}/task/${thread}/schedstat`));
  if (scheduled[0] !== undefined && scheduled[0] !== "")
    return scheduled.reduce((sum, line) => sum + Number(line.split(" ")[0] ?? 0), 0) * NANO;
  // The fields behind the command's name, which may contain anything: utime and stime are the 12th and 13th of them.
  const stat = read(`/proc/${pid}/stat`).split(") ").pop()?.split(" ") ?? [];
  return (Number(stat[11] ?? 0) + Number(stat[12] ?? 0)) * TICK_SECONDS;
}

/** CPU seconds of the whole machine. */
export function machineSeconds(): number {
  const [total = ""] = read("/proc/stat").split("\n");
  const times = total
    .trim()
    .split(/\s+/)
    .slice(1, GUEST + 1)
    .map(Number);
  return times.reduce((sum, ticks, i) => (i === IDLE || i === IOWAIT ? sum : sum + ticks), 0) * TICK_SECONDS;
}

/** How often threads of these processes went to sleep: each of these times something has to wake them. */
export function sleeps(pids: readonly number[]): number {
  const statuses = pids.flatMap((pid) => threads(pid).map((thread) => read(`/proc/${pid}/task/${thread}/status`)));
  return statuses.reduce((sum, status) => sum + Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1] ?? 0), 0);
}

/** Resident memory of these processes in bytes. */
export function residentBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024, 0);
}
