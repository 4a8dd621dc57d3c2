// Names the thread that this code runs in.
import { readlinkSync } from "node:fs";

/** As the system names it below /proc (`PID/task/TID`), so that the host can look how long it waits for a processor; undefined but on Linux. */
export function currentThread(): string | undefined {
  try {
    return readlinkSync("/proc/thread-self");
  } catch {
    // A system without /proc.
    return undefined;
  }
}
