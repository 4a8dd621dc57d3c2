// Runs what a plugin does once in each isolate, at its beginning and at its end, and gives it a log for what is about no call.
import type { LogEntry } from "../channel/index.js";
import { toErrorInfo } from "../model/index.js";

/** The part of a plugin's definition that the core runs: once in each isolate, around everything else. */
export interface PluginLifeCycle {
  readonly init?: (() => unknown) | undefined;
  readonly dispose?: (() => unknown) | undefined;
}

/** What a plugin's `init` is given. */
export interface LifeCycleContext {
  readonly log: PrintedLog;
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
    init: async () => {
      try {
        await init({ log: PRINTED_LOG, signal: controller.signal });
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
export async function disposePlugin(
  { dispose }: PluginLifeCycle,
  timeout: number,
  log: (entry: LogEntry) => void,
): Promise<void> {
  if (dispose === undefined) return;
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it was not done after ${timeout / 1000} s`)), timeout);
  });
  try {
    await Promise.race([dispose(), tooLong]);
  } catch (thrown) {
    const error = toErrorInfo(thrown);
    log({ level: "error", message: `its dispose() failed: ${error.message}`, error });
  } finally {
    clearTimeout(timer);
  }
}

export type PrintFunction = (message: string, details?: Readonly<Record<string, unknown>> | Error) => void;

export interface PrintedLog {
  readonly debug: PrintFunction;
  readonly info: PrintFunction;
  readonly warn: PrintFunction;
  readonly error: PrintFunction;
}

/** A message that is none is shown as what was thrown would be. */
export const messageText = (message: unknown): string => (typeof message === "string" ? message : toErrorInfo(message).message);

/** A line is no reason for a call to fail. */
export function detailsText(value: object): string {
  try {
    return JSON.stringify(value, (_key, each: unknown) => (typeof each === "bigint" ? String(each) : each));
  } catch (error) {
    return `{"details":${JSON.stringify(`no JSON: ${toErrorInfo(error).message}`)}}`;
  }
}

const print =
  (stream: "stdout" | "stderr"): PrintFunction =>
  (message, details) => {
    const rest = details === undefined ? "" : ` ${details instanceof Error ? toErrorInfo(details).stack : detailsText(details)}`;
    process[stream].write(`${messageText(message)}${rest}\n`);
  };

/** Whatever an isolate prints is a line of the server's log; what is on stderr, as the higher levels are, is one of an error. */
const PRINTED_LOG: PrintedLog = {
  debug: print("stdout"),
  info: print("stdout"),
  warn: print("stderr"),
  error: print("stderr"),
};
