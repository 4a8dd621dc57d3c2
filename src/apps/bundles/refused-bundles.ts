// Knows which bundles were refused, and when each of them is looked at again: what was wrong may have been on this machine.

/** From then on a refused bundle is looked at no more seldom. */
const MAX_DOUBLINGS = 5;

interface Refused {
  readonly attempts: number;
  /** By the clock of `performance`. */
  readonly again: number;
}

export class RefusedBundles {
  readonly #interval: () => number;
  readonly #refused = new Map<string, Refused>();

  /** `interval` gives the milliseconds between two looks at all bundles. */
  constructor(interval: () => number) {
    this.#interval = interval;
  }

  /** Whether it is too early to look at the bundle of this digest again. */
  isToWait(digest: string): boolean {
    const refused = this.#refused.get(digest);
    return refused !== undefined && performance.now() < refused.again;
  }

  /** A bundle was refused, maybe not for the first time: each time it waits twice as long. */
  add(digest: string): void {
    const attempts = (this.#refused.get(digest)?.attempts ?? -1) + 1;
    this.#refused.set(digest, { attempts, again: performance.now() + this.#interval() * 2 ** Math.min(attempts, MAX_DOUBLINGS) });
  }

  delete(digest: string): void {
    this.#refused.delete(digest);
  }

  clear(): void {
    this.#refused.clear();
  }
}
