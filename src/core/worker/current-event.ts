// Knows which event the running code belongs to, also in its timers and in promises that nobody awaits.
import { AsyncLocalStorage } from "node:async_hooks";
import { EventMarks } from "./event-marks.js";

/** What a log line says of the event that running code belongs to. */
export interface EventOrigin {
  readonly phase: string;
  readonly instanceId: number;
}

export interface EventTracking {
  /** Runs a handler of `event`: what it starts belongs to the event, however much later it runs. */
  run(event: EventOrigin, handler: () => void): void;
  /** The event of the code that threw what nobody caught. It may be over by now, or there may be none. */
  ofException(): EventOrigin | undefined;
  /** The event of the code that made a promise whose rejection nobody handles. */
  ofRejection(promise: Promise<unknown>): EventOrigin | undefined;
}

/** The first Node.js in which AsyncLocalStorage costs next to nothing; see docs/performance.md. */
const CHEAP_STORAGE = 24;

class StoredEvents implements EventTracking {
  readonly #storage = new AsyncLocalStorage<EventOrigin>();

  run(event: EventOrigin, handler: () => void): void {
    this.#storage.run(event, handler);
  }

  ofException(): EventOrigin | undefined {
    return this.#storage.getStore();
  }

  ofRejection(): EventOrigin | undefined {
    return this.#storage.getStore();
  }
}

/** Begins to keep track in this thread, for as long as it lives. Call it before plugin code is loaded. */
export function trackEvents(): EventTracking {
  const [major = 0] = process.versions.node.split(".").map(Number);
  return major >= CHEAP_STORAGE ? new StoredEvents() : new EventMarks();
}

/** For where plugin code runs in a thread that is not its own. */
export const NO_TRACKING: EventTracking = {
  run: (_event, handler) => handler(),
  ofException: () => undefined,
  ofRejection: () => undefined,
};
