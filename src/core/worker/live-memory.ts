// Measures what an isolate really holds: garbage that waits to be collected is not counted.
import { setImmediate as nextTurn } from "node:timers/promises";
import v8 from "node:v8";
import { runInNewContext } from "node:vm";

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
