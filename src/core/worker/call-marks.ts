// Marks promises and timers with the event they were made in: what AsyncLocalStorage does, at less than half of its cost
// on Node.js 20 and 22. Callbacks of sockets, files and the like have no mark.
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers";
import { promiseHooks } from "node:v8";
import type { CallOrigin, CallTracking } from "./current-call.js";

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

export class CallMarks implements CallTracking {
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
