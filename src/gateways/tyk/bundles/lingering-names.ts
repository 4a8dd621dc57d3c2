// Remembers for a while what API definitions named before they changed: a gateway calls as its definitions were until it reloads them.
import { performance } from "node:perf_hooks";

/** Milliseconds. */
const LINGER = 600_000;
/** Definitions may change without end. */
const MAX_LINGERING = 16;

export class LingeringNames {
  readonly #time: number;
  /** When each was named last; the latest stand last. */
  readonly #lastNamed = new Map<string, number>();

  /** @param time milliseconds. */
  constructor(time = LINGER) {
    this.#time = time;
  }

  /** What is named now. Returns what was named a while ago, and is not any more. */
  update(named: readonly string[]): readonly string[] {
    const now = performance.now();
    for (const name of named) {
      this.#lastNamed.delete(name);
      this.#lastNamed.set(name, now);
    }
    const isNamed = new Set(named);
    for (const [name, time] of this.#lastNamed) if (!isNamed.has(name) && now - time >= this.#time) this.#lastNamed.delete(name);
    const others = [...this.#lastNamed.keys()].filter((name) => !isNamed.has(name));
    for (const name of others.slice(0, -MAX_LINGERING)) this.#lastNamed.delete(name);
    return others.slice(-MAX_LINGERING);
  }
}
