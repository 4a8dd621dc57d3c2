// Counts, in memory that outlives a thread, the events that have begun in it, and shuts it to further ones.

const SHUT = -1;
/** Counts come round; two that are compared are never this far apart. */
const MASK = 2 ** 30 - 1;

/** The host's side and the isolate's are made of the same memory. */
export class StartGate {
  readonly memory: SharedArrayBuffer;
  readonly #begun: Int32Array;

  constructor(memory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#begun = new Int32Array(memory);
  }

  /** Called by the isolate before each event, in the order in which they were sent. False: it must not begin. */
  enter(): boolean {
    for (;;) {
      const begun = Atomics.load(this.#begun, 0);
      if (begun === SHUT) return false;
      if (Atomics.compareExchange(this.#begun, 0, begun, (begun + 1) & MASK) === begun) return true;
    }
  }

  /**
   * Called by the host, once: from now on no event begins. Tells of each event, by its number in the order in which they were
   * sent (from 1), whether it had begun.
   */
  shut(): (order: number) => boolean {
    const begun = Atomics.exchange(this.#begun, 0, SHUT);
    return (order) => ((begun - order) & MASK) <= MASK / 2;
  }
}
