// Reads what the process itself holds and uses: memory, descriptors, processor time.
import { readdirSync, readFileSync } from "node:fs";
import { getHeapStatistics } from "node:v8";
import type { ProcessFigures } from "./figures.js";

/** What it can tell of itself; the rest is counted elsewhere. */
type OwnFigures = Omit<
  ProcessFigures,
  "version" | "droppedLogLines" | "tracedCalls" | "droppedSpans" | "eventLoopDelay" | "maxEventLoopDelay"
>;

const MICROSECONDS = 1e6;
const MILLISECONDS = 1000;

const STARTED_AT = Date.now() - process.uptime() * MILLISECONDS;

export function processFigures(): OwnFigures {
  const { rss, heapUsed, external } = memoryFigures();
  const { user, system } = process.cpuUsage();
  return {
    pid: process.pid,
    startedAt: STARTED_AT,
    node: process.version,
    platform: process.platform,
    arch: process.arch,
    openDescriptors: openDescriptors(),
    maxDescriptors: maxDescriptors(),
    residentBytes: rss,
    heapBytes: heapUsed,
    externalBytes: external,
    cpuSeconds: (user + system) / MICROSECONDS,
  };
}

function memoryFigures(): Pick<NodeJS.MemoryUsage, "rss" | "heapUsed" | "external"> {
  try {
    return process.memoryUsage();
  } catch {
    // There is no /proc, as in a bare root: the most that was resident is known without it.
    const { used_heap_size: heapUsed, external_memory: external } = getHeapStatistics();
    return { rss: process.resourceUsage().maxRSS * 1024, heapUsed, external };
  }
}

function openDescriptors(): number | undefined {
  try {
    // The one that reads them is not counted.
    return readdirSync("/proc/self/fd").length - 1;
  } catch {
    // Not on this system.
    return undefined;
  }
}

function maxDescriptors(): number | undefined {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    // Not on this system, or too many are open.
    return undefined;
  }
}
