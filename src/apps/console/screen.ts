// Owns a terminal while something is redrawn on it: the alternate screen, the keys, and that all is as before at the end.
import { writeSync } from "node:fs";
import { ReadStream, WriteStream } from "node:tty";

const STDIN = 0;
const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const END_OF_LINE = "\u001b[K";
const END_OF_SCREEN = "\u001b[J";
/** What ends a terminal's program from outside; the terminal is left as it was before. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface ScreenListener {
  /** A key, or the sequence that it sends. */
  readonly onKey: (key: string) => void;
  readonly onResize: () => void;
  /** The terminal is gone, or somebody else ends the program. */
  readonly onEnd: () => void;
}

export class Screen {
  readonly #out: WriteStream;
  readonly #keys: ReadStream | undefined;
  readonly #listener: ScreenListener;
  readonly #onSignal: () => void;
  /** Where something else ends the process. */
  readonly #onExit: () => void;

  /** `descriptor` is that of a terminal. */
  constructor(descriptor: number, listener: ScreenListener) {
    this.#listener = listener;
    this.#out = new WriteStream(descriptor);
    this.#keys = openKeys();
    this.#onSignal = () => listener.onEnd();
    this.#onExit = () => {
      this.#keys?.setRawMode(false);
      writeSync(descriptor, LEAVE);
    };
    this.#out.on("resize", listener.onResize);
    process.on("SIGWINCH", this.#onWindowChange);
    this.#out.on("error", listener.onEnd);
    this.#keys?.setRawMode(true);
    this.#keys?.on("data", (data) => this.#listener.onKey(data.toString()));
    this.#keys?.on("end", listener.onEnd);
    this.#keys?.on("error", listener.onEnd);
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
    process.once("exit", this.#onExit);
    this.#out.write(ENTER);
  }

  /** Node.js looks at the size again, and tells of it, for its own stdout alone. */
  readonly #onWindowChange = (): void => {
    const look: unknown = Reflect.get(this.#out, "_refreshSize");
    if (typeof look === "function") Reflect.apply(look, this.#out, []);
  };

  get width(): number {
    return this.#out.columns;
  }

  get height(): number {
    return this.#out.rows;
  }

  draw(lines: readonly string[]): void {
    const shown = lines.slice(0, this.height).map((line) => line + END_OF_LINE);
    this.#out.write(HOME + shown.join("\r\n") + END_OF_SCREEN);
  }

  /** Resolves when the terminal is as before. */
  async close(): Promise<void> {
    process.off("exit", this.#onExit);
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
    process.off("SIGWINCH", this.#onWindowChange);
    this.#out.off("resize", this.#listener.onResize);
    this.#keys?.setRawMode(false);
    this.#keys?.destroy();
    await new Promise<void>((resolve) => this.#out.write(LEAVE, () => resolve()));
  }
}

/** Undefined where keys come from nowhere. */
function openKeys(): ReadStream | undefined {
  try {
    return new ReadStream(STDIN);
  } catch {
    // It is no terminal.
    return undefined;
  }
}
