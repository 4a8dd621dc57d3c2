// Keeps an isolate alive through what plugin code does outside its handlers.
import type { LogEntry } from "../../channel/index.js";
import { toErrorInfo } from "../../model/index.js";
import { isPdkError } from "../../../gateways/kong/pdk/index.js";
import { type EventTracking, NO_TRACKING } from "../current-event.js";
import { ExitSignal, type RunningEvent } from "../../../gateways/kong/worker/index.js";
import { exceptionEscapes, rejectionFloats, rejectionLands } from "../../../gateways/kong/worker/index.js";

/** A throw in a timer or a floating promise ends neither the isolate nor its other events. */
export function surviveStrayErrors(log: (entry: LogEntry) => void, tracking: EventTracking = NO_TRACKING): void {
  const report = (what: string, thrown: unknown, event: RunningEvent | undefined): void => {
    // The event is over on purpose, and its handler was told so where it listens.
    if (thrown instanceof ExitSignal) return;
    // A call after the end of its event is a slip that changes nothing; one that failed or could not be sent is a fault.
    const late = isPdkError(thrown) && (thrown.code === "PDK_EVENT_ENDED" || thrown.code === "PDK_EVENT_CANCELLED");
    const origin = event === undefined ? {} : { phase: event.phase, instanceId: event.instanceId };
    const error = toErrorInfo(thrown);
    log({ level: late ? "debug" : "error", message: `${what}: ${error.message}`, ...origin, error });
  };
  process.on("uncaughtException", (thrown: unknown) => {
    exceptionEscapes(thrown);
    report("uncaught exception outside a handler", thrown, tracking.ofException());
  });
  process.on("unhandledRejection", (thrown, promise) => {
    rejectionFloats(promise, thrown);
    report("unhandled promise rejection", thrown, tracking.ofRejection(promise));
  });
  process.on("rejectionHandled", rejectionLands);
}
