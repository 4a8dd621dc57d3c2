// Decides when the plugins directory is looked at again: after a change, on request, and never twice at once.
import { type DirectoryWatch, watchDirectory } from "../plugins/index.js";

export interface ReloaderOptions {
  readonly directory: string;
  /** False: only on request. */
  readonly watch: boolean;
  /** Looks at the directory and takes over what changed. True where it has to be looked at once more, before long. */
  readonly check: () => Promise<boolean>;
  readonly onError: (error: Error) => void;
}

/** A file that does not load may be half written: it is looked at again after this long, in milliseconds. */
const SECOND_LOOK = 500;

export class Reloader {
  readonly #options: ReloaderOptions;
  #watch: DirectoryWatch | undefined;
  #running: Promise<void> | undefined;
  #wanted = false;
  #secondLook: NodeJS.Timeout | undefined;
  #state: "open" | "closed" = "open";

  constructor(options: ReloaderOptions) {
    this.#options = options;
  }

  /** Resolves when changes are noticed. */
  async start(): Promise<void> {
    const { directory, watch, onError } = this.#options;
    if (!watch) return;
    this.#watch = await watchDirectory(directory, () => this.request(), onError);
    if (this.#state === "closed") await this.#watch.close();
  }

  /** Watches these files too. */
  include(files: readonly string[]): void {
    this.#watch?.include(files);
  }

  /** Looks at the directory now, or once more when it is being looked at. */
  request(): void {
    if (this.#state === "closed") return;
    clearTimeout(this.#secondLook);
    this.#wanted = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Ends the watcher and waits for a look that is under way. May be called twice. */
  async close(): Promise<void> {
    this.#state = "closed";
    clearTimeout(this.#secondLook);
    await this.#watch?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#wanted && this.#isOpen()) {
      this.#wanted = false;
      const unsettled = await this.#options.check().catch((error: unknown) => {
        this.#options.onError(error instanceof Error ? error : new Error(String(error)));
        return true;
      });
      if (unsettled && this.#isOpen()) this.#secondLook = setTimeout(() => this.request(), SECOND_LOOK).unref();
    }
  }

  #isOpen(): boolean {
    return this.#state === "open";
  }
}
