// Watches the plugins directory, and the files beyond it that plugins are made of, for a hint that something changed.
import { sep } from "node:path";
import { type FSWatcher, watch } from "chokidar";

export interface DirectoryWatch {
  /** Watches these files too, where they lie outside of the directory. */
  include(paths: readonly string[]): void;
  close(): Promise<void>;
}

/** How long nothing may happen before it is told, in milliseconds: editors and checkouts touch many files in a row. */
const QUIET = 80;
/** A file is looked at when its size has not changed for this long. */
const WRITE_FINISHED = { stabilityThreshold: 100, pollInterval: 20 } as const;

const isIgnored = (path: string): boolean => path.split(sep).some((part) => part === "node_modules" || part === ".git");

/**
 * Calls `onChange` some time after the last of a number of changes. It is a hint: what really changed is for whoever
 * looks to find out. Resolves when the watcher is ready.
 */
export async function watchDirectory(
  directory: string,
  onChange: () => void,
  onError: (error: Error) => void,
): Promise<DirectoryWatch> {
  let quiet: NodeJS.Timeout | undefined;
  const watcher: FSWatcher = watch(directory, {
    ignoreInitial: true,
    // Kubernetes swaps the link `..data`: a watcher that follows links does not see it.
    followSymlinks: false,
    awaitWriteFinish: WRITE_FINISHED,
    ignored: (path) => isIgnored(path.slice(directory.length)),
  });
  const hint = (): void => {
    clearTimeout(quiet);
    quiet = setTimeout(onChange, QUIET);
  };
  watcher.on("all", hint);
  watcher.on("error", (error) => onError(error instanceof Error ? error : new Error(String(error))));
  await new Promise<void>((resolve) => watcher.once("ready", () => resolve()));
  return {
    include: (paths) => void watcher.add(paths.filter((path) => !path.startsWith(directory + sep))),
    close: async () => {
      clearTimeout(quiet);
      await watcher.close();
    },
  };
}
