// Makes whatever plugin code prints in this isolate a log line: stdout belongs to the dump, and to Kong's own log.
import { Console } from "node:console";
import { Writable } from "node:stream";
import type { LogEntry, LogLevel } from "../channel/index.js";

const MAX_LINE = 8192;

/** Cuts what is written into lines; a line over 8 kB is cut off. */
class LineStream extends Writable {
  readonly #level: LogLevel;
  readonly #log: (entry: LogEntry) => void;
  #rest = "";

  constructor(level: LogLevel, log: (entry: LogEntry) => void) {
    super({ decodeStrings: false });
    this.#level = level;
    this.#log = log;
  }

  override _write(chunk: Buffer | string, _encoding: BufferEncoding, done: () => void): void {
    const lines = (this.#rest + chunk.toString()).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
    if (this.#rest.length > MAX_LINE) {
      this.#line(this.#rest);
      this.#rest = "";
    }
    done();
  }

  #line(line: string): void {
    const message = line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}… (${line.length} characters)` : line;
    if (message !== "") this.#log({ level: this.#level, message });
  }
}

/** Replaces `console`, `process.stdout` and `process.stderr` of this thread for good. */
export function captureOutput(log: (entry: LogEntry) => void): void {
  const out = new LineStream("info", log);
  const err = new LineStream("warn", log);
  for (const [name, stream] of [["stdout", out], ["stderr", err]] as const) {
    Object.defineProperty(process, name, { configurable: true, enumerable: true, get: () => stream });
  }
  globalThis.console = new Console({ stdout: out, stderr: err });
}
