// Checks now and then that a path still leads to its server: what was removed is put back, and a takeover is told.
import type { Logger } from "pino";
import { isServed } from "./short-path.js";

/** Milliseconds. */
const INTERVAL = 1000;

/** What has become of a server's path. */
export type PathChange =
  /** Another server has it, for good. */
  | { readonly kind: "taken over" }
  /** It was gone, or led to a server that is dead; it leads here again. */
  | { readonly kind: "restored" }
  /** It is gone and cannot be had back; told once, and tried again. */
  | { readonly kind: "lost"; readonly error: Error };

export interface PathWatchOptions {
  readonly path: string;
  readonly look: () => "ours" | "gone" | "another's";
  readonly restore: () => Promise<void>;
  readonly onChange: (change: PathChange) => void;
}

export class PathWatch {
  readonly #options: PathWatchOptions;
  readonly #timer: NodeJS.Timeout;
  #state: "ours" | "lost" | "over" = "ours";
  #checked: Promise<void> = Promise.resolve();

  constructor(options: PathWatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#checkNow(), INTERVAL).unref();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#state = "over";
  }

  #checkNow(): void {
    this.check().catch(() => {});
  }

  /** Looks now, and resolves when what has become of the path was told. It never rejects: the next check looks again. */
  check(): Promise<void> {
    this.#checked = this.#checked.then(() => this.#check()).catch(() => this.#enter("lost"));
    return this.#checked;
  }

  async #check(): Promise<void> {
    const { path, look, restore, onChange } = this.#options;
    const before = this.#state;
    if (before === "over") return;
    try {
      const found = look();
      if (found === "ours") {
        this.#enter("ours");
        return;
      }
      if (found === "another's" && (await isServed(path))) {
        if (this.#isOver()) return;
        this.end();
        onChange({ kind: "taken over" });
        return;
      }
      if (this.#isOver()) return;
      await restore();
      if (this.#isOver()) return;
      this.#enter("ours");
      onChange({ kind: "restored" });
    } catch (error) {
      if (this.#isOver()) return;
      this.#enter("lost");
      if (before !== "lost") onChange({ kind: "lost", error: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  #isOver(): boolean {
    return this.#state === "over";
  }

  #enter(state: "ours" | "lost"): void {
    this.#state = state;
  }
}

/** Says in the log what has become of a server's path. */
export function logPathChange(logger: Logger, path: string, change: PathChange): void {
  switch (change.kind) {
    case "taken over":
      return logger.info(`another server has taken ${path} over: new connections go there`);
    case "restored":
      return logger.warn(`${path} did not lead to this server any more (was it removed?): it does again`);
    case "lost":
      return logger.error(
        { err: change.error },
        `${path} does not lead to this server any more, clients cannot connect: ${change.error.message}`,
      );
  }
}
