// Keeps the active context of OpenTelemetry over everything asynchronous, where a plugin has registered nothing that does.
import { AsyncLocalStorage } from "node:async_hooks";
import type { Context, ContextManager } from "@opentelemetry/api";
import { NO_CONTEXT } from "./trace-propagation.js";

export class StoredContexts implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.#storage.getStore() ?? NO_CONTEXT;
  }

  with<Args extends unknown[], Run extends (...args: Args) => ReturnType<Run>>(
    context: Context,
    run: Run,
    self?: ThisParameterType<Run>,
    ...args: Args
  ): ReturnType<Run> {
    const call = (): unknown => Reflect.apply(run, self, args);
    return this.#storage.run(context, call) as ReturnType<Run>;
  }

  /** A function is called in the context; anything else stays what it is. */
  bind<Target>(context: Context, target: Target): Target {
    if (typeof target !== "function") return target;
    const storage = this.#storage;
    const bound = function (this: unknown, ...args: unknown[]): unknown {
      const call = (): unknown => Reflect.apply(target, this, args) as unknown;
      return storage.run(context, call);
    };
    return Object.defineProperty(bound, "length", { configurable: true, value: target.length }) as Target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.#storage.disable();
    return this;
  }
}
