// Tells what lasts from what is of the moment: a file that is half written, a directory between two checkouts.
import { performance } from "node:perf_hooks";

export interface Settled<T> {
  /** Seen for long enough, and not told before. */
  readonly toTell: readonly T[];
  /** Told once, and not seen any more. */
  readonly over: readonly T[];
  /** Milliseconds until the next of them will have been seen for long enough. */
  readonly nextLook: number | undefined;
}

interface Seen<T> {
  readonly item: T;
  readonly since: number;
  isTold: boolean;
}

export class Settling<T> {
  readonly #now: () => number;
  #seen = new Map<string, Seen<T>>();

  /** `now` gives the time in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Takes everything that is seen now, by what makes it the same thing as at another time, and says what to tell of it.
   * `patience` is how long it must have been there, in milliseconds.
   */
  see(current: ReadonlyMap<string, T>, patience: number): Settled<T> {
    const now = this.#now();
    const before = this.#seen;
    this.#seen = new Map([...current].map(([key, item]) => [key, before.get(key) ?? { item, since: now, isTold: false }]));
    const over = [...before].filter(([key, { isTold }]) => isTold && !current.has(key)).map(([, { item }]) => item);
    const untold = [...this.#seen.values()].filter(({ isTold }) => !isTold);
    const ripe = untold.filter(({ since }) => now - since >= patience);
    for (const seen of ripe) seen.isTold = true;
    const waits = untold.filter(({ isTold }) => !isTold).map(({ since }) => since + patience - now);
    const nextLook = waits.length === 0 ? undefined : Math.ceil(Math.min(...waits));
    return { toTell: ripe.map(({ item }) => item), over, nextLook };
  }
}
