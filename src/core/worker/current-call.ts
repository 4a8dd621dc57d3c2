// Knows which event the running code belongs to, also in its timers and in promises that nobody awaits.
import { AsyncLocalStorage } from "node:async_hooks";
import { CallMarks } from "./call-marks.js";

/** What a log line says of the event that running code belongs to. */
export interface CallOrigin {
  readonly functionName: string;
  readonly bindingId: number;
}

export interface CallTracking {
  /** Runs a handler of `event`: what it starts belongs to the event, however much later it runs. */
  run(event: CallOrigin, handler: () => void): void;
  /** The event of the code that threw what nobody caught. It may be over by now, or there may be none. */
  ofException(): CallOrigin | undefined;
  /** The event of the code that made a promise whose rejection nobody handles. */
  ofRejection(promise: Promise<unknown>): CallOrigin | undefined;
}

/** The first Node.js in which AsyncLocalStorage costs next to nothing; see docs/performance.md. */
const CHEAP_STORAGE = 24;

class StoredCalls implements CallTracking {
  readonly #storage = new AsyncLocalStorage<CallOrigin>();

  run(event: CallOrigin, handler: () => void): void {
    this.#storage.run(event, handler);
  }

  ofException(): CallOrigin | undefined {
    return this.#storage.getStore();
  }

  ofRejection(): CallOrigin | undefined {
    return this.#storage.getStore();
  }
}

/** Begins to keep track in this thread, for as long as it lives. Call it before plugin code is loaded. */
export function trackCalls(): CallTracking {
  const [major = 0] = process.versions.node.split(".").map(Number);
  return major >= CHEAP_STORAGE ? new StoredCalls() : new CallMarks();
}

/** For where plugin code runs in a thread that is not its own. */
export const NO_TRACKING: CallTracking = {
  run: (_event, handler) => handler(),
  ofException: () => undefined,
  ofRejection: () => undefined,
};
