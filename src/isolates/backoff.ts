// Says when an isolate that keeps dying may start again.
import { performance } from "node:perf_hooks";

const FIRST_DELAY = 1000;
const MAX_DELAY = 30_000;
/** An isolate that lived this long is taken for healthy, in milliseconds. */
const HEALTHY_AFTER = 30_000;

/** The first death costs nothing; each further one a second, then twice as long up to 30 s. */
export class Backoff {
  #deaths = 0;
  #until = 0;

  /** Counts a death of an isolate that started at `started` and returns how long to wait, in milliseconds. */
  died(started: number): number {
    const now = performance.now();
    if (now - started > HEALTHY_AFTER) this.#deaths = 0;
    this.#deaths += 1;
    const delay = this.#deaths === 1 ? 0 : Math.min(MAX_DELAY, FIRST_DELAY * 2 ** (this.#deaths - 2));
    this.#until = now + delay;
    return delay;
  }

  /** Milliseconds until a start is allowed; 0 where it is. */
  remaining(): number {
    return Math.max(0, this.#until - performance.now());
  }
}
