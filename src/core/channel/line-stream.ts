// Makes lines of the log of what somebody prints.
import { StringDecoder } from "node:string_decoder";
import { Writable } from "node:stream";
import { cutText } from "../model/index.js";
import type { LogEntry, LogLevel } from "./call-host.js";

/** How long a line may stay open before what there is of it is logged, in milliseconds. */
const OPEN_LINE_TIME = 100;

/** Characters of a line; what is beyond them is left out. */
const MAX_LINE = 8192;

/** Cuts what is written into lines, and each line to 8 KB. It keeps no more of an open line than it would log. */
export class LineStream extends Writable {
  readonly #level: LogLevel;
  readonly #log: (entry: LogEntry) => void;
  readonly #decoder = new StringDecoder();
  #rest = "";
  /** Characters of the open line, also those that are left out. */
  #length = 0;
  #openLine: NodeJS.Timeout | undefined;

  constructor(level: LogLevel, log: (entry: LogEntry) => void) {
    super({ decodeStrings: false });
    this.#level = level;
    this.#log = log;
  }

  override _write(chunk: Buffer | string, _encoding: BufferEncoding, done: () => void): void {
    const text = typeof chunk === "string" ? chunk : this.#decoder.write(chunk);
    let start = 0;
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
      this.#add(text, start, end);
      this.flush();
      start = end + 1;
    }
    this.#add(text, start, text.length);
    if (this.#length > 0) this.#openLine ??= setTimeout(() => this.flush(), OPEN_LINE_TIME).unref();
    done();
  }

  override _final(done: () => void): void {
    this.flush();
    done();
  }

  /** Logs a line that has no end yet. */
  flush(): void {
    clearTimeout(this.#openLine);
    this.#openLine = undefined;
    if (this.#length > 0) this.#log({ level: this.#level, message: cutText(this.#rest, MAX_LINE, this.#length) });
    this.#rest = "";
    this.#length = 0;
  }

  #add(text: string, start: number, end: number): void {
    // One more than is logged, so that a line that is too long is known as such.
    if (this.#rest.length <= MAX_LINE) this.#rest += text.slice(start, Math.min(end, start + MAX_LINE + 1 - this.#rest.length));
    this.#length += end - start;
  }
}
