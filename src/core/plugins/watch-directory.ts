// Watches the plugins directory, and the files beyond it that plugins are made of, for a hint that something changed.
import { realpath, stat } from "node:fs/promises";
import { basename, dirname, extname, relative, resolve, sep } from "node:path";
import { performance } from "node:perf_hooks";
import type { FSWatcher, watch as watchFiles } from "chokidar";

export interface WatchListener {
  /** Something may have changed: what really did is for whoever looks to find out. */
  onHint(): void;
  /** Changes may go unnoticed. */
  onError(error: Error): void;
}

/** How long nothing may happen before it is told, in milliseconds: editors and checkouts touch many files in a row. */
const QUIET = 80;
/** But no longer than this after the first: something may write beside the plugins without end. */
const PATIENCE = 1000;
/** A file is looked at when its size has not changed for this long. */
const WRITE_FINISHED = { stabilityThreshold: 100, pollInterval: 20 } as const;
/** The files of a new folder are told of that much later than the folder. */
const QUIET_FOLDER = QUIET + WRITE_FINISHED.stabilityThreshold;
/** How often it is checked that the directory is still the one that is watched: no event tells of a mount. */
const SAME_DIRECTORY = 1000;

/** Files that are looked at at once: calls wait meanwhile. */
const AT_ONCE = 50;

const MODULE_LIKE = /^\.(?:[mc]?[jt]sx?|json|node)$/;

export class DirectoryWatch {
  readonly #directory: string;
  readonly #listener: WatchListener;
  readonly #watchFiles: typeof watchFiles;
  /** Where the directory really is: its own name may be a link, which a watcher that follows none would stop at. */
  #root = "";
  #identity: string | undefined;
  #watcher: FSWatcher | undefined;
  /** Watches what the other does not see: files elsewhere, and in folders that are passed over. */
  #beyond: FSWatcher | undefined;
  #watchedBeyond: readonly string[] = [];
  /** Files to watch wherever they lie, and the folders that they can come back in. */
  #files: ReadonlySet<string> = new Set();
  #folders: ReadonlySet<string> = new Set();
  /** Of these, what went away: its watch went with it. */
  readonly #lost = new Set<string>();
  #quiet: NodeJS.Timeout | undefined;
  #firstEvent: number | undefined;
  #poll: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #including: Promise<void> | undefined;
  #state: "open" | "closed" = "open";

  private constructor(directory: string, listener: WatchListener, watch: typeof watchFiles) {
    this.#watchFiles = watch;
    this.#directory = directory;
    this.#listener = listener;
  }

  /** Resolves when changes are noticed. */
  static async open(directory: string, listener: WatchListener): Promise<DirectoryWatch> {
    // Loaded here: a dump, which is on a gateway's way up, watches nothing.
    const { watch } = await import("chokidar");
    const opened = new DirectoryWatch(directory, listener, watch);
    await opened.#look();
    opened.#poll = setInterval(() => opened.#lookNow(), SAME_DIRECTORY).unref();
    return opened;
  }

  /**
   * Watches these files too, links among them at both ends. They replace those given before. Where some are new a hint
   * follows: they may have changed before they were watched.
   */
  async include(paths: readonly string[]): Promise<void> {
    // One that is gone is watched for by its name.
    const real: string[] = [];
    for (let start = 0; start < paths.length; start += AT_ONCE) {
      const some = paths.slice(start, start + AT_ONCE);
      real.push(...(await Promise.all(some.map((path) => realpath(path).catch(() => resolve(path))))));
    }
    this.#files = new Set([...paths.map((path) => resolve(path)), ...real]);
    this.#folders = new Set([...this.#files].map((path) => dirname(path)));
    this.#including = this.#watchBeyond();
    await this.#including;
  }

  /** May be called twice. */
  async close(): Promise<void> {
    this.#state = "closed";
    clearInterval(this.#poll);
    clearTimeout(this.#quiet);
    // A watcher that is closed before it is ready never is.
    await Promise.all([this.#looking, this.#including]);
    await Promise.all([this.#watcher?.close(), this.#beyond?.close()]);
  }

  async #watchBeyond(): Promise<void> {
    // What is inside is watched already, unless it is in a folder that is passed over.
    const files = [...this.#files].filter((path) => !this.#isInside(path) || isPassedOver(relative(this.#root, path)));
    const watched = new Set(this.#watchedBeyond);
    const isWatched = files.every((path) => watched.has(path) && !this.#lost.has(path));
    if (this.#isClosed() || (isWatched && files.length === this.#watchedBeyond.length)) return;
    this.#watchedBeyond = files;
    for (const path of files) this.#lost.delete(path);
    const former = this.#beyond;
    // A folder shows a file that is replaced or comes back, the file itself one that is written to.
    this.#beyond = files.length === 0 ? undefined : this.#open([...new Set(files.map((path) => dirname(path))), ...files]);
    if (this.#beyond !== undefined) await ready(this.#beyond);
    await former?.close();
    if (files.length > 0) this.#hint(QUIET);
  }

  /** Watches anew where another directory stands in the place of the one that is watched. */
  #lookNow(): void {
    this.#look().catch((error: unknown) => this.#listener.onError(error instanceof Error ? error : new Error(String(error))));
  }

  #look(): Promise<void> {
    this.#looking ??= this.#reopen().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #reopen(): Promise<void> {
    const identity = await identityOf(this.#directory);
    if (identity === this.#identity || this.#isClosed()) return;
    const isFirst = this.#watcher === undefined;
    this.#identity = identity;
    await this.#watcher?.close();
    if (identity !== undefined) await this.#watch();
    if (!isFirst) this.#hint(QUIET_FOLDER);
  }

  async #watch(): Promise<void> {
    // Gone again since it was seen: the next look finds that out.
    this.#root = await realpath(this.#directory).catch(() => this.#directory);
    this.#watcher = this.#open([this.#root]);
    await ready(this.#watcher);
  }

  #open(paths: string[]): FSWatcher {
    const watcher = this.#watchFiles(paths, {
      ignoreInitial: true,
      // Kubernetes swaps the link `..data`: a watcher that follows links does not see it.
      followSymlinks: false,
      awaitWriteFinish: WRITE_FINISHED,
      ignored: (path) => this.#isIgnored(path),
    });
    watcher.on("all", (event, path) => this.#onEvent(event, path));
    let isTold = false;
    watcher.on("error", (error) => {
      // A system that is out of watches says so for every file.
      if (!isTold) this.#listener.onError(error instanceof Error ? error : new Error(String(error)));
      isTold = true;
    });
    return watcher;
  }

  #onEvent(event: string, path: string): void {
    if (event === "unlinkDir" && path === this.#root) {
      // The watcher is blind now, even where a directory of this name is back already.
      this.#identity = undefined;
      this.#lookNow();
    }
    if (event === "unlink" && this.#files.has(path)) this.#lost.add(path);
    if (event.endsWith("Dir")) this.#hint(QUIET_FOLDER);
    else if (this.#files.has(path) || isModuleLike(path)) this.#hint(QUIET);
  }

  #hint(quiet: number): void {
    if (this.#isClosed()) return;
    clearTimeout(this.#quiet);
    this.#firstEvent ??= performance.now();
    const left = this.#firstEvent + PATIENCE - performance.now();
    this.#quiet = setTimeout(
      () => {
        this.#firstEvent = undefined;
        this.#listener.onHint();
      },
      Math.max(0, Math.min(quiet, left)),
    );
  }

  #isIgnored(path: string): boolean {
    if (path === this.#root || this.#files.has(path) || this.#folders.has(path)) return false;
    return !this.#isInside(path) || isPassedOver(relative(this.#root, path));
  }

  #isInside(path: string): boolean {
    return path.startsWith(this.#root.endsWith(sep) ? this.#root : this.#root + sep);
  }

  #isClosed(): boolean {
    return this.#state === "closed";
  }
}

function ready(watcher: FSWatcher): Promise<void> {
  return new Promise((resolve) => watcher.once("ready", () => resolve()));
}

/** Installed packages and dot files; `..data` and its like are how Kubernetes puts files into a volume. */
function isPassedOver(path: string): boolean {
  return path.split(sep).some((part) => part === "node_modules" || (part.startsWith(".") && !part.startsWith("..")));
}

/** What can be, or hold, a plugin's code: a link to a folder has any name. */
function isModuleLike(path: string): boolean {
  return MODULE_LIKE.test(extname(path)) || extname(path) === "" || basename(path).startsWith("..");
}

/** Which directory a path means; undefined where there is none. The time of birth tells two with one inode apart. */
async function identityOf(directory: string): Promise<string | undefined> {
  try {
    const { dev, ino, birthtimeNs } = await stat(directory, { bigint: true });
    return `${dev}:${ino}:${birthtimeNs}`;
  } catch {
    // It is not there, which is an identity too.
    return undefined;
  }
}
