// Bounds what one isolate may log, so that a flood neither slows other plugins down nor fills a disk.
import { performance } from "node:perf_hooks";
import type { LogEntry } from "./call-host.js";

const WINDOW = 1000;
const MAX_LINES = 1000;
const MAX_CHARACTERS = 256 * 1024;

/** Passes on at most 1,000 lines and 256 kB in a second; says how many it dropped once there is room again. */
export function limitLog(log: (entry: LogEntry) => void): (entry: LogEntry) => void {
  let windowStart = performance.now();
  let lines = 0;
  let characters = 0;
  let dropped = 0;
  let report: NodeJS.Timeout | undefined;

  const tellDropped = (): void => {
    clearTimeout(report);
    report = undefined;
    if (dropped === 0) return;
    log({ level: "warn", message: `${dropped} lines were dropped: a plugin may log ${MAX_LINES} lines or 256 kB in a second` });
    dropped = 0;
  };

  return (entry) => {
    if (performance.now() - windowStart >= WINDOW) {
      windowStart = performance.now();
      lines = 0;
      characters = 0;
      tellDropped();
    }
    lines += 1;
    characters += entry.message.length + (entry.error?.stack.length ?? 0);
    if (lines <= MAX_LINES && characters <= MAX_CHARACTERS) {
      log(entry);
      return;
    }
    dropped += 1;
    report ??= setTimeout(tellDropped, WINDOW).unref();
  };
}
