// Watches the plugins directory, and the files beyond it that plugins are made of, for a hint that something changed.
import { realpath, stat } from "node:fs/promises";
import { basename, dirname, extname, relative, resolve, sep } from "node:path";
import { performance } from "node:perf_hooks";
import { type FSWatcher, watch } from "chokidar";

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
/** How often it is checked that the directory is still the one that is watched: no event tells of a mount. */
const SAME_DIRECTORY = 1000;

const MODULE_LIKE = /^\.(?:[mc]?[jt]sx?|json|node)$/;

export class DirectoryWatch {
  readonly #directory: string;
  readonly #listener: WatchListener;
  /** Where the directory really is: its own name may be a link, which a watcher that follows none would stop at. */
  #root = "";
  #identity: string | undefined;
  #watcher: FSWatcher | undefined;
  /** Files to watch wherever they lie, and the folders that they can come back in. */
  #files: ReadonlySet<string> = new Set();
  #folders: ReadonlySet<string> = new Set();
  /** Of these, what went away: its watch went with it. */
  readonly #lost = new Set<string>();
  #quiet: NodeJS.Timeout | undefined;
  #firstEvent: number | undefined;
  #poll: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #state: "open" | "closed" = "open";

  private constructor(directory: string, listener: WatchListener) {
    this.#directory = directory;
    this.#listener = listener;
  }

  /** Resolves when changes are noticed. */
  static async open(directory: string, listener: WatchListener): Promise<DirectoryWatch> {
    const opened = new DirectoryWatch(directory, listener);
    await opened.#look();
    opened.#poll = setInterval(() => void opened.#look(), SAME_DIRECTORY).unref();
    return opened;
  }

  /** Watches these files too, links among them at both ends. They replace those given before. */
  async include(paths: readonly string[]): Promise<void> {
    const real = await Promise.all(paths.map((path) => realpath(path).catch(() => resolve(path))));
    const added = real.filter((path) => !this.#files.has(path) || this.#lost.has(path));
    this.#lost.clear();
    this.#files = new Set([...paths.map((path) => resolve(path)), ...real]);
    this.#folders = new Set(real.map((path) => dirname(path)));
    this.#add(added);
  }

  /** May be called twice. */
  async close(): Promise<void> {
    this.#state = "closed";
    clearInterval(this.#poll);
    clearTimeout(this.#quiet);
    await this.#looking;
    await this.#watcher?.close();
  }

  #add(files: readonly string[]): void {
    // What is inside is watched already, unless it is in a folder that is passed over.
    const beyond = files.filter((path) => !this.#isInside(path) || isPassedOver(relative(this.#root, path)));
    // A folder shows a file that is replaced or comes back, the file itself one that is written to.
    if (beyond.length > 0) this.#watcher?.add([...new Set(beyond.map((path) => dirname(path))), ...beyond]);
  }

  /** Watches anew where another directory stands in the place of the one that is watched. */
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
    if (!isFirst) this.#hint();
  }

  async #watch(): Promise<void> {
    // Gone again since it was seen: the next look finds that out.
    this.#root = await realpath(this.#directory).catch(() => this.#directory);
    const watcher = watch(this.#root, {
      ignoreInitial: true,
      // Kubernetes swaps the link `..data`: a watcher that follows links does not see it.
      followSymlinks: false,
      awaitWriteFinish: WRITE_FINISHED,
      ignored: (path) => this.#isIgnored(path),
    });
    this.#watcher = watcher;
    watcher.on("all", (event, path) => this.#onEvent(event, path));
    let isTold = false;
    watcher.on("error", (error) => {
      // A system that is out of watches says so for every file.
      if (!isTold) this.#listener.onError(error instanceof Error ? error : new Error(String(error)));
      isTold = true;
    });
    await new Promise<void>((done) => watcher.once("ready", () => done()));
    this.#add([...this.#files]);
  }

  #onEvent(event: string, path: string): void {
    if (event === "unlinkDir" && path === this.#root) {
      // The watcher is blind now, even where a directory of this name is back already.
      this.#identity = undefined;
      void this.#look();
    }
    if (event === "unlink" && this.#files.has(path)) this.#lost.add(path);
    if (event.endsWith("Dir") || this.#files.has(path) || isModuleLike(path)) this.#hint();
  }

  #hint(): void {
    if (this.#isClosed()) return;
    clearTimeout(this.#quiet);
    this.#firstEvent ??= performance.now();
    const left = this.#firstEvent + PATIENCE - performance.now();
    this.#quiet = setTimeout(
      () => {
        this.#firstEvent = undefined;
        this.#listener.onHint();
      },
      Math.max(0, Math.min(QUIET, left)),
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
    return undefined;
  }
}
