// Measures this isolate: the thread that it is for the system, and the memory that its code holds.
import { setImmediate as nextTurn } from "node:timers/promises";
import v8 from "node:v8";
import { runInNewContext } from "node:vm";
import { readlinkSync } from "node:fs";

let collect: (() => void) | undefined;

/** Bytes of the heap and of what buffers and addons hold outside it, garbage included. It costs nothing. */
export function memoryInUse(): number {
  const { used_heap_size: heap, external_memory: external } = v8.getHeapStatistics();
  return heap + external;
}

/** The same after a collection, which stops the isolate: for when much seems to be in use. */
export async function liveMemory(): Promise<number> {
  collect ??= garbageCollector();
  collect();
  await nextTurn();
  // V8 gives the memory of dead buffers back in the background, and counts it until the next collection. That takes long
  // where the heap is large, and nothing is to be gained where little is outside it.
  const { used_heap_size: heap, external_memory: external } = v8.getHeapStatistics();
  if (external > heap / 4) collect();
  return memoryInUse();
}

/** V8 shows its collector to contexts that are made while the flag is set: plugin code does not get to see it. */
function garbageCollector(): () => void {
  v8.setFlagsFromString("--expose-gc");
  try {
    return runInNewContext("gc") as () => void;
  } finally {
    v8.setFlagsFromString("--no-expose-gc");
  }
}

/** As the system names it below /proc (`PID/task/TID`), so that the host can look how long it waits for a processor; undefined but on Linux. */
export function currentThread(): string | undefined {
  try {
    return readlinkSync("/proc/thread-self");
  } catch {
    // A system without /proc.
    return undefined;
  }
}
