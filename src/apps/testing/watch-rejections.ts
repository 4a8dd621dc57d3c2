// Hears of refused calls that nobody catches while events of a test run; everything else stays the test runner's business.
import { rejectionFloats, rejectionLands } from "../../gateways/kong/worker/index.js";

let events = 0;

const onRejection = (reason: unknown, promise: Promise<unknown>): void => {
  const isOwn = rejectionFloats(promise, reason);
  // Without a listener Node.js would have thrown it.
  if (!isOwn && process.listenerCount("unhandledRejection") === 1) throw reason;
};

/** An event begins. */
export function watchRejections(): void {
  events += 1;
  if (events > 1) return;
  process.on("unhandledRejection", onRejection);
  process.on("rejectionHandled", rejectionLands);
}

/** An event is over. */
export function unwatchRejections(): void {
  events -= 1;
  if (events > 0) return;
  process.off("unhandledRejection", onRejection);
  process.off("rejectionHandled", rejectionLands);
}
