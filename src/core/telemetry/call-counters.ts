// Owns the memory in which the calls of one plugin are counted: who counts writes plain numbers into it, in one thread, and others may
// read it at any time, also when that thread is gone.
import { FAILURE_REASONS, type FailureReason, type FunctionFigures } from "./figures.js";
import { bucketOf, BUCKETS, type Histogram, NO_DURATIONS } from "./histogram.js";

const STARTED = 0;
const ENDED = 1;
const ASKS = 2;
const BYTES_IN = 3;
const BYTES_OUT = 4;
const DURATIONS = 5;
const DURATION_SUM = 6;
const HANDLED = 7;
const HANDLER_SUM = 8;
const FAILURES = 9;
const DURATION_BUCKETS = FAILURES + FAILURE_REASONS.length;
const HANDLER_BUCKETS = DURATION_BUCKETS + BUCKETS;
/** Numbers that the counters of one function take. */
const SIZE = HANDLER_BUCKETS + BUCKETS;
const FUNCTION_BYTES = SIZE * Float64Array.BYTES_PER_ELEMENT;

const REASON_INDEX = Object.fromEntries(FAILURE_REASONS.map((reason, index) => [reason, index])) as Readonly<
  Record<FailureReason, number>
>;

const MILLISECONDS = 1000;

/** Stands for every function that a plugin does not have: a client may ask for any. */
export const OTHER_FUNCTION = "other";

/** Counts the calls of one function. Its methods cost nothing that can be measured: they are called with every call. */
export class CallCounters {
  readonly #cells: Float64Array;

  constructor(cells: Float64Array) {
    this.#cells = cells;
  }

  started(bytes: number): void {
    this.#add(STARTED, 1);
    this.#add(BYTES_IN, bytes);
  }

  received(bytes: number): void {
    this.#add(BYTES_IN, bytes);
  }

  asked(asks: number, bytes: number): void {
    this.#add(ASKS, asks);
    this.#add(BYTES_OUT, bytes);
  }

  answered(bytes: number): void {
    this.#add(BYTES_OUT, bytes);
  }

  /** The handler has come to an end, after so many milliseconds. */
  handled(time: number): void {
    const seconds = time / MILLISECONDS;
    this.#add(HANDLED, 1);
    this.#add(HANDLER_SUM, seconds);
    this.#add(HANDLER_BUCKETS + bucketOf(seconds), 1);
  }

  /** The call is over, after so many milliseconds. */
  ended(time: number, failure: FailureReason | undefined): void {
    const seconds = time / MILLISECONDS;
    this.#add(ENDED, 1);
    this.#add(DURATIONS, 1);
    this.#add(DURATION_SUM, seconds);
    this.#add(DURATION_BUCKETS + bucketOf(seconds), 1);
    if (failure !== undefined) this.#add(FAILURES + REASON_INDEX[failure], 1);
  }

  #add(cell: number, value: number): void {
    const cells = this.#cells;
    cells[cell] = (cells[cell] ?? 0) + value;
  }
}

/** The counters of all functions of a plugin, in one piece of memory that threads can share. */
export class PluginCounters {
  /** Without {@link OTHER_FUNCTION}, which is always there too. */
  readonly functions: readonly string[];
  readonly memory: ArrayBufferLike;
  readonly #cells: Float64Array;
  readonly #byName = new Map<string, CallCounters>();
  readonly #other: CallCounters;

  /** On memory of another thread it reads what that one counts. */
  constructor(functions: readonly string[], memory: ArrayBufferLike = new SharedArrayBuffer(countersSize(functions.length))) {
    this.functions = functions;
    this.memory = memory;
    this.#cells = new Float64Array(memory);
    functions.forEach((name, index) => this.#byName.set(name, new CallCounters(this.#of(index))));
    this.#other = new CallCounters(this.#of(functions.length));
  }

  /** Of another thread; of another process there is a copy. */
  static from(functions: readonly string[], memory: SharedArrayBuffer | Uint8Array): PluginCounters {
    if (!(memory instanceof Uint8Array)) return new PluginCounters(functions, memory);
    // The bytes may lie anywhere in their memory, and numbers may not.
    return new PluginCounters(functions, Uint8Array.from(memory).buffer);
  }

  /** Another number after each call that began or ended. */
  get revision(): number {
    let sum = 0;
    for (let index = 0; index <= this.functions.length; index += 1) {
      const cells = this.#of(index);
      sum += (cells[STARTED] ?? 0) + (cells[ENDED] ?? 0) + (cells[ASKS] ?? 0);
    }
    return sum;
  }

  of(functionName: string): CallCounters {
    return this.#byName.get(functionName) ?? this.#other;
  }

  /** What was counted until now, by function. */
  read(): Map<string, CountedCalls> {
    return new Map([...this.functions, OTHER_FUNCTION].map((name, index) => [name, countedIn(this.#of(index))]));
  }

  /** Adds what other memory holds, where its thread is gone: what was under way there has died with it. */
  inherit(other: PluginCounters): void {
    [...other.functions, OTHER_FUNCTION].forEach((name, index) => {
      const from = other.#of(index);
      const to = this.#of(this.functions.includes(name) ? this.functions.indexOf(name) : this.functions.length);
      for (let i = 0; i < SIZE; i += 1) to[i] = (to[i] ?? 0) + (from[i] ?? 0);
      const lost = Math.max(0, (from[STARTED] ?? 0) - (from[ENDED] ?? 0));
      to[ENDED] = (to[ENDED] ?? 0) + lost;
      const died = FAILURES + REASON_INDEX.isolate_died;
      to[died] = (to[died] ?? 0) + lost;
    });
  }

  #of(index: number): Float64Array {
    return this.#cells.subarray(index * SIZE, (index + 1) * SIZE);
  }
}

/** Bytes of the memory for so many functions. */
export const countersSize = (functions: number): number => (functions + 1) * FUNCTION_BYTES;

/** What one function has counted, whosever it is. */
export type CountedCalls = Omit<FunctionFigures, "gateway" | "plugin" | "function">;

function countedIn(cells: Float64Array): CountedCalls {
  const cell = (index: number): number => cells[index] ?? 0;
  const ended = cell(ENDED);
  return {
    calls: ended,
    failures: Object.fromEntries(FAILURE_REASONS.map((reason, index) => [reason, cell(FAILURES + index)])) as Record<
      FailureReason,
      number
    >,
    // Read while another thread counts: a call may have ended since.
    running: Math.max(0, cell(STARTED) - ended),
    asks: cell(ASKS),
    bytesIn: cell(BYTES_IN),
    bytesOut: cell(BYTES_OUT),
    duration: histogramIn(cells, DURATION_BUCKETS, cell(DURATIONS), cell(DURATION_SUM)),
    handler: histogramIn(cells, HANDLER_BUCKETS, cell(HANDLED), cell(HANDLER_SUM)),
  };
}

/** Most functions of many plugins were never called: they have one histogram. */
const histogramIn = (cells: Float64Array, first: number, count: number, sum: number): Histogram =>
  count === 0 ? NO_DURATIONS : { count, sum, buckets: cells.slice(first, first + BUCKETS) };
