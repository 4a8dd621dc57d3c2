// Keeps an isolate alive through what plugin code does outside its handlers.
import type { LogEntry } from "../../channel/index.js";
import { toErrorInfo } from "../../model/index.js";
import { type EventOrigin, type EventTracking, NO_TRACKING } from "../current-event.js";
import type { StrayErrors } from "../gateway-worker.js";

/** A throw in a timer or a floating promise ends neither the isolate nor its other events. */
export function surviveStrayErrors(
  log: (entry: LogEntry) => void,
  strayErrors: StrayErrors,
  tracking: EventTracking = NO_TRACKING,
): void {
  const report = (what: string, thrown: unknown, event: EventOrigin | undefined): void => {
    const level = strayErrors.levelOf(thrown);
    if (level === undefined) return;
    const origin = event === undefined ? {} : { phase: event.phase, instanceId: event.instanceId };
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
