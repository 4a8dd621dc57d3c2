// Runs what a plugin does once in each isolate, at its beginning and at its end.
import { toErrorInfo } from "../model/index.js";
import { pluginLogger, type PluginLogger, type WriteEntry } from "./guards/plugin-log.js";

/** The part of a plugin's definition that the core runs: once in each isolate, around everything else. */
export interface PluginLifeCycle {
  /** `write`: where what it logs goes. */
  readonly init?: ((write: WriteEntry) => unknown) | undefined;
  readonly dispose?: (() => unknown) | undefined;
}

/** What a plugin's `init` is given. */
export interface LifeCycleContext {
  readonly log: PluginLogger;
  /** Aborts when the plugin is to end, before its `dispose` runs; also when its `init` has failed. */
  readonly signal: AbortSignal;
}

/** The functions as a plugin has them. */
export interface LifeCycleFunctions {
  readonly init?: ((context: LifeCycleContext) => unknown) | undefined;
  readonly dispose?: (() => unknown) | undefined;
}

/** A plugin that is told when it begins is told when it ends, by the signal alone where it has no `dispose`. */
export function lifeCycleOf({ init, dispose }: LifeCycleFunctions): PluginLifeCycle {
  if (init === undefined) return dispose === undefined ? {} : { dispose };
  const controller = new AbortController();
  return {
    init: async (write) => {
      try {
        await init({ log: pluginLogger(write), signal: controller.signal });
      } catch (error) {
        controller.abort();
        throw error;
      }
    },
    dispose: () => {
      controller.abort();
      return dispose?.();
    },
  };
}

/** Resolves when the plugin has cleaned up, has failed to, or has taken longer than `timeout` milliseconds. */
export async function disposePlugin({ dispose }: PluginLifeCycle, timeout: number, write: WriteEntry): Promise<void> {
  if (dispose === undefined) return;
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it was not done after ${timeout / 1000} s`)), timeout);
  });
  try {
    await Promise.race([dispose(), tooLong]);
  } catch (thrown) {
    const error = toErrorInfo(thrown);
    write({ level: "error", message: `its dispose() failed: ${error.message}`, error });
  } finally {
    clearTimeout(timer);
  }
}
