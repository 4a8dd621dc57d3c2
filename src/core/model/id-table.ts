// Holds what is under way by its id, for as short a time as a call takes.

const FIRST_CAPACITY = 32;
/** 2 ** 32 divided by the golden ratio: ids that follow each other, whatever is between them, come to lie far apart. */
const SPREAD = 0x9e3779b1;

/**
 * What a `Map` does, for values that come and go with every call. A Map of V8 gets a new table whenever deleted entries fill it, and
 * the former table refers to the new one, for iterators that stand in it. Once such a table is old, it keeps all tables after it, and
 * every value that was in one of them, until the next full collection: each call outlives the young generation.
 */
export class IdTable<Value extends object> {
  /** The id of the value in the same slot, where there is one. */
  #ids = new Float64Array(FIRST_CAPACITY);
  #values = emptySlots<Value>(FIRST_CAPACITY);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(id: number): boolean {
    return this.get(id) !== undefined;
  }

  get(id: number): Value | undefined {
    return this.#values[this.#find(id)];
  }

  set(id: number, value: Value): void {
    const slot = this.#find(id);
    const isNew = this.#values[slot] === undefined;
    this.#ids[slot] = id;
    this.#values[slot] = value;
    if (!isNew) return;
    this.#size += 1;
    if (this.#size * 2 > this.#values.length) this.#resize(this.#values.length * 2);
  }

  /** Whether it was there. */
  delete(id: number): boolean {
    const slot = this.#find(id);
    if (this.#values[slot] === undefined) return false;
    this.#vacate(slot);
    this.#size -= 1;
    if (this.#values.length > FIRST_CAPACITY && this.#size * 16 < this.#values.length) this.#resize(this.#values.length / 2);
    return true;
  }

  /** Those that are there now, in no order. What is done with them may change the table. */
  values(): Value[] {
    return this.#values.filter((value) => value !== undefined);
  }

  clear(): void {
    this.#ids = new Float64Array(FIRST_CAPACITY);
    this.#values = emptySlots(FIRST_CAPACITY);
    this.#size = 0;
  }

  /** The slot of the id, or the empty one where it belongs. */
  #find(id: number): number {
    const mask = this.#values.length - 1;
    let slot = home(id, mask);
    while (this.#values[slot] !== undefined && this.#ids[slot] !== id) slot = (slot + 1) & mask;
    return slot;
  }

  /** Moves those that had to go past the slot back, so that no search ends before it finds them. */
  #vacate(slot: number): void {
    const [ids, values] = [this.#ids, this.#values];
    const mask = values.length - 1;
    let hole = slot;
    for (let next = (slot + 1) & mask; values[next] !== undefined; next = (next + 1) & mask) {
      const id = ids[next] ?? 0;
      if (((next - home(id, mask)) & mask) < ((next - hole) & mask)) continue;
      ids[hole] = id;
      values[hole] = values[next];
      hole = next;
    }
    values[hole] = undefined;
  }

  #resize(capacity: number): void {
    const [ids, values] = [this.#ids, this.#values];
    this.#ids = new Float64Array(capacity);
    this.#values = emptySlots(capacity);
    values.forEach((value, index) => {
      if (value === undefined) return;
      const id = ids[index] ?? 0;
      const slot = this.#find(id);
      this.#ids[slot] = id;
      this.#values[slot] = value;
    });
  }
}

const emptySlots = <Value>(count: number): (Value | undefined)[] => new Array<Value | undefined>(count).fill(undefined);

const home = (id: number, mask: number): number => {
  const spread = Math.imul(id | 0, SPREAD);
  return (spread ^ (spread >>> 16)) & mask;
};
