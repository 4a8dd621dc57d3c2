// Knows which threads of this process do not end when they are told to. V8 stops JavaScript alone: not a wait for a program or a file, nor a
// garbage collection beyond the limit of the heap. The process itself waits for all of its threads when it exits.
import { existsSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

export interface HungThread {
  readonly plugin: string;
  /** Whether it ran the plugin's calls; or else read what the plugin says of itself. */
  readonly isServing: boolean;
}

/** Milliseconds that a thread may take to end: freeing a large heap takes seconds on a busy machine. */
export const END_TIME = 5000;

const ending = new Set<Promise<unknown>>();
const hung = new Set<HungThread>();
const listeners = new Set<(thread: HungThread) => void>();

/** Gets each thread that does not end in time. */
export function onHungThread(listener: (thread: HungThread) => void): void {
  listeners.add(listener);
}

/** Resolves when the thread, which was told to end, has ended, or does not do so in time. */
export function endOfThread(thread: HungThread, ended: Promise<unknown>): Promise<"ended" | "hung"> {
  const end = new Promise<"ended" | "hung">((resolve) => {
    const timer = setTimeout(() => {
      hung.add(thread);
      exitWithoutThem();
      for (const listener of listeners) listener(thread);
      resolve("hung");
    }, END_TIME);
    const onEnd = (): void => {
      clearTimeout(timer);
      hung.delete(thread);
      resolve("ended");
    };
    ended.then(onEnd, onEnd);
  });
  ending.add(end);
  return end.finally(() => ending.delete(end));
}

/** Resolves when each thread that was told to end has ended, or does not do so in time. */
export async function endOfThreads(): Promise<void> {
  await Promise.all(ending);
}

const SHELL = "/bin/sh";
let hasExitListener = false;

/** From now on the process does not exit where such a thread is still there: it would wait for it, for ever. */
function exitWithoutThem(): void {
  // Of another thread it is the exit of that thread alone.
  if (hasExitListener || !isMainThread) return;
  hasExitListener = true;
  process.on("exit", (status) => {
    if (hung.size === 0) return;
    // From Node.js 22.15 on. What takes the place of this process has none of its threads, and its status.
    const execve: unknown = Reflect.get(process, "execve");
    if (typeof execve === "function" && existsSync(SHELL)) execve.call(process, SHELL, [SHELL, "-c", `exit ${status}`], {});
    // To a service manager an end by SIGTERM is in order.
    const signal = status === 0 ? "SIGTERM" : "SIGKILL";
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
