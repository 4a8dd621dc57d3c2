// Says when an isolate that keeps dying may start again.
import { performance } from "node:perf_hooks";

const FIRST_DELAY = 1000;
const MAX_DELAY = 30_000;
/** After this long without a death the past is forgotten, in milliseconds. */
const FORGOTTEN_AFTER = 60_000;
/** How many deaths of isolates that did finish events weigh as much as one of an isolate that did not. */
const PRODUCTIVE_WEIGHT = 1 / 8;

/**
 * The first death costs nothing; each further one a second, then twice as long up to 30 s. An isolate that finished
 * events before it died weighs less: one bad request in many must not shut the others out.
 */
export class Backoff {
  #weight = 0;
  #lastDeath = 0;
  #until = 0;

  /** Counts a death and returns how long to wait, in milliseconds. */
  died(productive: boolean): number {
    const now = performance.now();
    if (now - this.#lastDeath > FORGOTTEN_AFTER) this.#weight = 0;
    this.#lastDeath = now;
    this.#weight += productive ? PRODUCTIVE_WEIGHT : 1;
    const repeats = Math.floor(this.#weight) - 1;
    const delay = repeats <= 0 ? 0 : Math.min(MAX_DELAY, FIRST_DELAY * 2 ** (repeats - 1));
    this.#until = now + delay;
    return delay;
  }

  /** Milliseconds until a start is allowed; 0 where it is. */
  remaining(): number {
    return Math.max(0, this.#until - performance.now());
  }
}

export const startsAgain = (delay: number): string =>
  delay === 0 ? "restarting" : `restarting in ${delay / 1000} s, its calls fail until then`;
