// Decides when the plugins directory is looked at again: after a change, on request, and never twice at once.
import { DirectoryWatch } from "../../plugins/index.js";

export interface ReloaderOptions {
  readonly directory: string;
  /** False: only on request. */
  readonly watch: boolean;
  /**
   * Looks at the directory and takes over what changed. Resolves with the milliseconds after which it has to be looked at
   * once more, or undefined. It never rejects.
   */
  readonly check: () => Promise<number | undefined>;
  readonly onWatchError: (error: Error) => void;
}

/** How long an end waits for a look that is under way, in milliseconds: the modules that it loads may hang. */
const END_PATIENCE = 1000;

export class Reloader {
  readonly #options: ReloaderOptions;
  #watch: DirectoryWatch | undefined;
  #running: Promise<void> | undefined;
  #isWanted = false;
  #nextLook: NodeJS.Timeout | undefined;
  #state: "open" | "closed" = "open";

  constructor(options: ReloaderOptions) {
    this.#options = options;
  }

  isClosed(): boolean {
    return this.#state === "closed";
  }

  /** Resolves when changes are noticed. */
  async start(): Promise<void> {
    const { directory, watch, onWatchError } = this.#options;
    if (!watch || this.isClosed()) return;
    this.#watch = await DirectoryWatch.open(directory, { onHint: () => this.hint(), onError: onWatchError });
    if (this.isClosed()) await this.#watch.close();
  }

  /** Watches these files too, and none that were given before. */
  async include(files: readonly string[]): Promise<void> {
    await this.#watch?.include(files);
  }

  /** Looks at the directory now, or once more when it is being looked at. Resolves when nobody wants another look; never rejects. */
  async request(): Promise<void> {
    this.hint();
    await this.#running;
  }

  /** Something may have changed. */
  hint(): void {
    if (this.isClosed()) return;
    this.#isWanted = true;
    this.#running ??= this.#run();
  }

  /** Ends the watcher and waits, for a moment, for a look that is under way. May be called twice. */
  async close(): Promise<void> {
    this.#state = "closed";
    clearTimeout(this.#nextLook);
    await this.#watch?.close();
    let patience: NodeJS.Timeout | undefined;
    await Promise.race([this.#running, new Promise((resolve) => (patience = setTimeout(resolve, END_PATIENCE)))]);
    clearTimeout(patience);
  }

  async #run(): Promise<void> {
    while (this.#isWanted && !this.isClosed()) {
      this.#isWanted = false;
      clearTimeout(this.#nextLook);
      const delay = await this.#options.check();
      if (delay !== undefined && !this.isClosed()) this.#nextLook = setTimeout(() => this.hint(), delay).unref();
    }
    // In the same turn as the last question: no request falls in between.
    this.#running = undefined;
  }
}
