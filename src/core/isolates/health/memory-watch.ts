// Decides when an isolate is too heavy: near its cap, and still so after its garbage was collected.
import { performance } from "node:perf_hooks";

export interface MemoryWatchOptions {
  /** Bytes that the isolate may use. */
  readonly cap: number;
  /** Asks the isolate to collect its garbage and say what is left. */
  readonly weigh: () => void;
  /** It is too heavy, in bytes. */
  readonly onHeavy: (memory: number) => void;
}

/** An isolate this close to its cap is replaced while it can still be drained. */
const WATERMARK = 0.8;
/** This close there is no time to wait: a fast leak would reach the cap. */
const URGENT = 0.9;
/** A collection stops the isolate: the next one waits this many times as long as the last one took, and no longer than: */
const PAUSE = 10;
const MAX_PAUSE = 5000;

export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  readonly #now: () => number;
  #weighingSince: number | undefined;
  #next = 0;

  /** `now` gives the time in milliseconds. */
  constructor(options: MemoryWatchOptions, now: () => number = () => performance.now()) {
    this.#options = options;
    this.#now = now;
  }

  /** What it uses, garbage included. */
  used(memory: number): void {
    if (!this.#isHeavy(memory) || this.#weighingSince !== undefined) return;
    if (memory < this.#options.cap * URGENT && this.#now() < this.#next) return;
    this.#weighingSince = this.#now();
    this.#options.weigh();
  }

  /** What it holds, without garbage. */
  weighed(memory: number): void {
    const now = this.#now();
    this.#next = now + Math.min(MAX_PAUSE, PAUSE * (now - (this.#weighingSince ?? now)));
    this.#weighingSince = undefined;
    if (this.#isHeavy(memory)) this.#options.onHeavy(memory);
  }

  #isHeavy(memory: number): boolean {
    return memory >= this.#options.cap * WATERMARK;
  }
}
