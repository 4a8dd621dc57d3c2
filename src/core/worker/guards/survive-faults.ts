// Takes what plugin code prints, and what it throws where nobody catches it, into the log.
import { Console } from "node:console";
import { type LogEntry, LineStream } from "../../channel/index.js";
import { toErrorInfo } from "../../model/index.js";
import { type CallOrigin, type CallTracking, NO_TRACKING } from "../current-call.js";
import type { StrayErrors } from "../gateway-worker.js";

/**
 * Replaces `console`, `process.stdout` and `process.stderr` of this thread for good. Returns what logs the lines that
 * are still open, for when the thread ends or another plugin's turn comes.
 */
export function captureOutput(log: (entry: LogEntry) => void): () => void {
  const out = new LineStream("info", log);
  const err = new LineStream("warn", log);
  for (const [name, stream] of [
    ["stdout", out],
    ["stderr", err],
  ] as const) {
    Object.defineProperty(process, name, { configurable: true, enumerable: true, get: () => stream });
  }
  globalThis.console = new Console({ stdout: out, stderr: err });
  return () => {
    out.flush();
    err.flush();
  };
}

/** A throw in a timer or a floating promise ends neither the isolate nor its other events. */
export function surviveStrayErrors(
  log: (entry: LogEntry) => void,
  strayErrors: StrayErrors,
  tracking: CallTracking = NO_TRACKING,
): void {
  const report = (what: string, thrown: unknown, call: CallOrigin | undefined): void => {
    const level = strayErrors.levelOf(thrown);
    if (level === undefined) return;
    const origin: Partial<CallOrigin> = call === undefined ? {} : { functionName: call.functionName, bindingId: call.bindingId };
    const error = toErrorInfo(thrown);
    log({ level, message: `${what}: ${error.message}`, ...origin, error });
  };
  process.on("uncaughtException", (thrown: unknown) => {
    strayErrors.exceptionEscapes(thrown);
    report("uncaught exception outside a handler", thrown, tracking.ofException());
  });
  process.on("unhandledRejection", (thrown, promise) => {
    strayErrors.rejectionFloats(promise, thrown);
    report("unhandled promise rejection", thrown, tracking.ofRejection(promise));
  });
  process.on("rejectionHandled", (promise) => strayErrors.rejectionLands(promise));
}
