// Writes whole lines to a descriptor and never waits for whoever reads it: what finds no room is queued, and dropped beyond a bound.
import { writeSync } from "node:fs";

interface Queued {
  readonly bytes: Buffer;
  /** How many lines are lost with it: a notice stands for all that it tells of. */
  readonly lines: number;
  /** These were counted when they were dropped. */
  readonly isNotice: boolean;
}

/** Bytes that wait for the reader. */
const MAX_QUEUED = 512 * 1024;
/** From here on there is room again. */
const ROOM = MAX_QUEUED / 2;
/** Between two attempts while the reader takes nothing, in milliseconds. */
const FIRST_WAIT = 10;
const MAX_WAIT = 250;
const EXIT_WAIT = 10;

export interface LineOutputOptions {
  /** Its writes do not block. */
  readonly descriptor: number;
  /** Makes the line that tells how many were dropped. */
  readonly notice: (lines: number) => string;
  /** Sees to it that they do not, where others can change that. */
  readonly beforeWrite: () => void;
}

export class LineOutput {
  readonly #options: LineOutputOptions;
  #queue: Queued[] = [];
  #queued = 0;
  #dropped = 0;
  #lost = 0;
  #wait = FIRST_WAIT;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: LineOutputOptions) {
    this.#options = options;
  }

  /** How many lines were dropped until now. */
  get lost(): number {
    return this.#lost;
  }

  /** Takes one or more whole lines with their line feeds. */
  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#retry !== undefined && (this.#dropped > 0 || this.#queued + bytes.length > MAX_QUEUED)) {
      this.#dropped += 1;
      this.#lost += 1;
      return;
    }
    // After an error there is no attempt but with the next line.
    if (this.#dropped > 0) this.#pushNotice();
    this.#push({ bytes, lines: 1, isNotice: false });
    if (this.#retry === undefined) this.#drain();
  }

  /** Writes what is queued, for as long as somebody reads, `timeout` milliseconds at most. It blocks: the process ends. */
  flush(timeout: number): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    const until = Date.now() + timeout;
    const pause = new Int32Array(new SharedArrayBuffer(4));
    while (!this.#attempt() && Date.now() < until) Atomics.wait(pause, 0, 0, EXIT_WAIT);
  }

  #drain(): void {
    this.#retry = undefined;
    const before = this.#queued;
    if (this.#attempt()) {
      this.#wait = FIRST_WAIT;
      return;
    }
    this.#wait = this.#queued < before ? FIRST_WAIT : Math.min(MAX_WAIT, this.#wait * 2);
    this.#retry = setTimeout(() => this.#drain(), this.#wait).unref();
  }

  /** Returns whether nothing waits any more. */
  #attempt(): boolean {
    try {
      this.#options.beforeWrite();
      for (;;) {
        if (this.#dropped > 0 && this.#queued <= ROOM) this.#pushNotice();
        const [first] = this.#queue;
        if (first === undefined) return true;
        const written = writeSync(this.#options.descriptor, first.bytes);
        this.#queued -= written;
        if (written === first.bytes.length) this.#queue.shift();
        else this.#queue[0] = { ...first, bytes: first.bytes.subarray(written) };
      }
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EAGAIN") return false;
      // Its reader is gone, or its disk is full: the next line may fare better.
      this.#dropAll();
      return true;
    }
  }

  #push(entry: Queued): void {
    this.#queue.push(entry);
    this.#queued += entry.bytes.length;
  }

  #pushNotice(): void {
    const lines = this.#dropped;
    this.#dropped = 0;
    this.#push({ bytes: Buffer.from(this.#options.notice(lines)), lines, isNotice: true });
  }

  #dropAll(): void {
    for (const { lines, isNotice } of this.#queue) {
      this.#dropped += lines;
      if (!isNotice) this.#lost += lines;
    }
    this.#queue = [];
    this.#queued = 0;
  }
}
