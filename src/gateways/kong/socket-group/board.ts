// What the servers of one path know of each other at any time, in memory that they share: where each stands, and how busy it is.

export type SlotState = "free" | "starting" | "listening" | "leaving";

const STATES: readonly SlotState[] = ["free", "starting", "listening", "leaving"];

const ENDING = 0;
const CHOSEN = 1;
const HEAD = 2;

const STATE = 0;
const CONNECTIONS = 1;
const RUNNING = 2;
const FIELDS = 3;

/** Events that run in a server which has not said yet how many. */
const UNKNOWN = -1;

export class Board {
  readonly memory: SharedArrayBuffer;
  readonly slots: number;
  readonly #cells: Int32Array;

  /** On memory of another one it is the same board. */
  constructor(slots: number, memory = new SharedArrayBuffer((HEAD + slots * FIELDS) * Int32Array.BYTES_PER_ELEMENT)) {
    this.slots = slots;
    this.memory = memory;
    this.#cells = new Int32Array(memory);
  }

  /** Takes a free slot, whose number is also the remainder of its events' ids; undefined where there is none. */
  claim(): number | undefined {
    const slot = this.#all().find((each) => this.stateOf(each) === "free");
    if (slot === undefined) return undefined;
    this.connected(slot, 0);
    this.#set(slot, RUNNING, UNKNOWN);
    this.enter(slot, "starting");
    return slot;
  }

  enter(slot: number, state: SlotState): void {
    this.#set(slot, STATE, STATES.indexOf(state));
  }

  stateOf(slot: number): SlotState {
    return STATES[this.#get(slot, STATE)] ?? "free";
  }

  connected(slot: number, count: number): void {
    this.#set(slot, CONNECTIONS, count);
  }

  get connectionCount(): number {
    return this.#all()
      .filter((slot) => this.stateOf(slot) !== "free")
      .reduce((sum, slot) => sum + this.#get(slot, CONNECTIONS), 0);
  }

  /**
   * The listening server with the fewest connections; of equals the next one after that chosen last, so that many clients that
   * come before any of them is accepted do not all go to one.
   */
  choose(): number | undefined {
    const last = Atomics.load(this.#cells, CHOSEN);
    const inTurn = [...this.#all().slice(last + 1), ...this.#all().slice(0, last + 1)];
    const [first, ...others] = inTurn.filter((slot) => this.stateOf(slot) === "listening");
    if (first === undefined) return undefined;
    const load = (slot: number): number => this.#get(slot, CONNECTIONS);
    const chosen = others.reduce((least, slot) => (load(slot) < load(least) ? slot : least), first);
    Atomics.store(this.#cells, CHOSEN, chosen);
    return chosen;
  }

  /** All end, and wait for each other. */
  end(): void {
    Atomics.store(this.#cells, ENDING, 1);
  }

  /** Notes how many events run in a server; whether those that end with it have none. */
  areOthersQuiet(slot: number, running: number): boolean {
    this.#set(slot, RUNNING, running);
    if (Atomics.load(this.#cells, ENDING) === 0) return true;
    return this.#all().every((each) => each === slot || this.stateOf(each) === "free" || this.#get(each, RUNNING) === 0);
  }

  #all(): number[] {
    return Array.from({ length: this.slots }, (_, slot) => slot);
  }

  #get(slot: number, field: number): number {
    return Atomics.load(this.#cells, HEAD + slot * FIELDS + field);
  }

  #set(slot: number, field: number, value: number): void {
    Atomics.store(this.#cells, HEAD + slot * FIELDS + field, value);
  }
}
