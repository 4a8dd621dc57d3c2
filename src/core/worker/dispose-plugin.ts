// Lets a plugin clean up at the end of its isolate; whatever it does, the end comes.
import type { LogEntry } from "../channel/index.js";
import { toErrorInfo } from "../model/index.js";
import type { PluginLifeCycle } from "./gateway-worker.js";

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
