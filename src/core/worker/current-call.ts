// Knows which call the running code belongs to, also in its timers and in promises that nobody awaits.
import { AsyncLocalStorage } from "node:async_hooks";
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers";
import { promiseHooks } from "node:v8";
import type { CallTrace } from "../channel/index.js";
import { inTrace } from "./tracing/active-trace.js";

/** What a log line says of the event that running code belongs to. */
export interface CallOrigin {
  readonly functionName: string;
  readonly bindingId: number;
  /** Where calls are traced: what the call does belongs to it. */
  readonly trace?: CallTrace | undefined;
}

export interface CallTracking {
  /** Runs a handler of `event`: what it starts belongs to the event, however much later it runs. */
  run(event: CallOrigin, handler: () => void): void;
  /** The event of the code that threw what nobody caught. It may be over by now, or there may be none. */
  ofException(): CallOrigin | undefined;
  /** The event of the code that made a promise whose rejection nobody handles. */
  ofRejection(promise: Promise<unknown>): CallOrigin | undefined;
}

/** The first Node.js in which AsyncLocalStorage costs next to nothing; see docs/decisions/031-whose-a-stray-error-is.md. */
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
  return traced(major >= CHEAP_STORAGE ? new StoredCalls() : new CallMarks());
}

/** What a call does is in its trace, where it has one. */
const traced = (tracking: CallTracking): CallTracking => ({
  run: (event, handler) => {
    const context = event.trace?.context;
    tracking.run(event, context === undefined ? handler : () => inTrace(context, handler));
  },
  ofException: () => tracking.ofException(),
  ofRejection: (promise) => tracking.ofRejection(promise),
});

/** For where plugin code runs in a thread that is not its own. */
export const NO_TRACKING: CallTracking = {
  run: (_event, handler) => handler(),
  ofException: () => undefined,
  ofRejection: () => undefined,
};

/** What extends it puts its private fields on any object: quicker than a WeakMap, and plugin code cannot see them. */
const OnAny = function (object: object): object {
  return object;
} as unknown as new (object: object) => object;

class Mark extends OnAny {
  readonly #event: CallOrigin;

  constructor(object: object, event: CallOrigin) {
    super(object);
    this.#event = event;
  }

  static of(object: object): CallOrigin | undefined {
    return #event in object ? object.#event : undefined;
  }
}

type Callback = (this: unknown, ...args: unknown[]) => unknown;
type Scheduler = (callback: Callback, ...args: unknown[]) => unknown;

/** Each function, and every object that it is a property of. */
const SCHEDULERS = [
  ["queueMicrotask", [globalThis]],
  ["nextTick", [process]],
  ["setTimeout", [globalThis, timers]],
  ["setInterval", [globalThis, timers]],
  ["setImmediate", [globalThis, timers]],
] as const satisfies readonly (readonly [string, readonly object[]])[];

class CallMarks implements CallTracking {
  #current: CallOrigin | undefined;

  constructor() {
    promiseHooks.createHook({
      init: (promise) => {
        if (this.#current !== undefined) new Mark(promise, this.#current);
      },
      before: (promise) => {
        this.#current = Mark.of(promise);
      },
      after: () => {
        this.#current = undefined;
      },
    });
    for (const [name, owners] of SCHEDULERS) {
      const marking = this.#marking(Reflect.get(owners[0], name) as Scheduler);
      for (const owner of owners) Reflect.set(owner, name, marking);
    }
    syncBuiltinESMExports();
  }

  run(event: CallOrigin, handler: () => void): void {
    const outer = this.#current;
    this.#current = event;
    try {
      handler();
    } finally {
      this.#current = outer;
    }
  }

  ofException(): CallOrigin | undefined {
    const event = this.#current;
    this.#current = undefined;
    return event;
  }

  ofRejection(promise: Promise<unknown>): CallOrigin | undefined {
    return Mark.of(promise);
  }

  #marking(original: Scheduler): Scheduler {
    const marking: Scheduler = (callback, ...args) =>
      // Anything else is for the original to refuse.
      original(typeof callback === "function" ? this.#marked(callback) : callback, ...args);
    // `util.promisify` finds its own variant on the function.
    return Object.defineProperties(marking, Object.getOwnPropertyDescriptors(original));
  }

  #marked(callback: Callback): Callback {
    const event = this.#current;
    if (event === undefined) return callback;
    const setCurrent = (current: CallOrigin | undefined): void => {
      this.#current = current;
    };
    return function (this: unknown, ...args) {
      setCurrent(event);
      const result = callback.apply(this, args);
      // Not where it throws: whoever hears of the exception asks whose it is.
      setCurrent(undefined);
      return result;
    };
  }
}
