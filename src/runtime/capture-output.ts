// Makes whatever plugin code prints in this isolate a log line: stdout belongs to the dump, and to Kong's own log.
import { Console } from "node:console";
import { Writable } from "node:stream";
import type { LogEntry, LogLevel } from "../channel/index.js";

const MAX_LINE = 8192;

/** How long a line may stay open before what there is of it is logged, in milliseconds. */
const OPEN_LINE_TIME = 100;

/** Cuts what is written into lines; a line over 8 kB is cut off. */
class LineStream extends Writable {
  readonly #level: LogLevel;
  readonly #log: (entry: LogEntry) => void;
  #rest = "";
  #openLine: NodeJS.Timeout | undefined;

  constructor(level: LogLevel, log: (entry: LogEntry) => void) {
    super({ decodeStrings: false });
    this.#level = level;
    this.#log = log;
  }

  override _write(chunk: Buffer | string, _encoding: BufferEncoding, done: () => void): void {
    const lines = (this.#rest + chunk.toString()).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
    if (this.#rest.length > MAX_LINE) this.flush();
    else if (this.#rest !== "") this.#openLine ??= setTimeout(() => this.flush(), OPEN_LINE_TIME).unref();
    done();
  }

  /** Logs a line that has no end yet. */
  flush(): void {
    clearTimeout(this.#openLine);
    this.#openLine = undefined;
    this.#line(this.#rest);
    this.#rest = "";
  }

  #line(line: string): void {
    const message = line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}… (${line.length} characters)` : line;
    if (message !== "") this.#log({ level: this.#level, message });
  }
}

/**
 * Replaces `console`, `process.stdout` and `process.stderr` of this thread for good. Returns what logs the lines that
 * are still open, for when the thread ends or another plugin's turn comes.
 */
export function captureOutput(log: (entry: LogEntry) => void): () => void {
  const out = new LineStream("info", log);
  const err = new LineStream("warn", log);
  for (const [name, stream] of [
    ["stdout", out],
    ["stderr", err],
  ] as const) {
    Object.defineProperty(process, name, { configurable: true, enumerable: true, get: () => stream });
  }
  globalThis.console = new Console({ stdout: out, stderr: err });
  return () => {
    out.flush();
    err.flush();
  };
}
