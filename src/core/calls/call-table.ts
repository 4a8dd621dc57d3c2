// Owns every call that is under way, server-wide: finds it by its id, tells it that its deadline has passed, waits for the last.
import { performance } from "node:perf_hooks";
import type { Ask } from "../channel/index.js";
import { type ErrorInfo, IdTable } from "../model/index.js";
import type { CallCounters, CallSpan, FailureReason, GatewayTelemetry } from "../telemetry/index.js";

/** One call as its gateway sees it: from its start until the gateway has got, or will get, nothing more of it. */
export interface Call {
  readonly id: number;
  /** Whose function it runs, and which. */
  readonly plugin: string;
  readonly functionName: string;
  readonly bindingId: number;
  /** Where it is counted, from its start on. */
  counters: CallCounters | undefined;
  /** What it is in a trace, where calls are traced. */
  span?: CallSpan | undefined;
  /** Why it fails, from when that is known: the first reason stays. */
  failure: FailureReason | undefined;
  /** When the first of its bytes had come, in the milliseconds of `performance.now`. */
  readonly beganAt: number;
  /** Milliseconds that it may take, once all of it has come. */
  readonly timeout: number;
  /** When these are over. */
  readonly deadline: number;
  /** Its function asks these of the gateway. */
  asked(asks: readonly Ask[]): void;
  /** Its function has returned; `result` is what it made, where it makes anything. */
  done(result?: Buffer): void;
  /** Its function threw, or what ran it is gone. */
  failed(error: ErrorInfo): void;
  /** Its deadline has passed. Told again, now and then, for as long as it is in the table. */
  overdue(): void;
  /** Whether an end of the server waits for it: not where its gateway has owed an answer since `since` (of `performance.now`). */
  isAlive(since: number): boolean;
}

/** The ids of a server whose calls others know by their ids: those that are `slot` beyond a multiple of `slots`. */
export interface CallIds {
  readonly slot: number;
  readonly slots: number;
}

const SWEEPS_PER_TIMEOUT = 20;
/** Milliseconds. */
const MIN_SWEEP = 50;
const MAX_SWEEP = 1000;
const ANSWER_GRACE = 1000;
const DRAIN_CHECK = 100;
/** For a gateway to be told that a call has failed. */
const FAILURE_TIME = 500;
const ID_SPACE = 2 ** 31;

export class CallTable<C extends Call> {
  readonly #calls = new IdTable<C>();
  readonly #firstId: number;
  readonly #idStep: number;
  readonly #telemetry: GatewayTelemetry | undefined;
  #nextId: number;
  #sweep: NodeJS.Timeout | undefined;
  #sweepInterval = Infinity;
  #shortestTimeout = Infinity;
  #onIdle: () => void = () => {};

  /** Gives all ids by default. Without telemetry nothing is counted. */
  constructor({ slot, slots }: CallIds = { slot: 0, slots: 1 }, telemetry?: GatewayTelemetry) {
    this.#telemetry = telemetry;
    this.#idStep = slots;
    // Any number that a former server may have used must not hit a call of this one.
    this.#firstId = Math.floor((Math.random() * ID_SPACE) / slots) * slots + slot;
    this.#nextId = this.#firstId;
  }

  get size(): number {
    return this.#calls.size;
  }

  nextId(): number {
    const id = this.#nextId;
    this.#nextId += this.#idStep;
    return id;
  }

  /** Whether this table gave the id, whatever became of its call. */
  gave(id: number): boolean {
    return id >= this.#firstId && id < this.#nextId && (id - this.#firstId) % this.#idStep === 0;
  }

  /** `bytes` are those that it is to work on. */
  add(call: C, bytes = 0): void {
    call.counters = this.#telemetry?.countersOf(call.plugin, call.functionName);
    call.counters?.started(bytes);
    this.#calls.set(call.id, call);
    if (call.timeout < this.#shortestTimeout) this.#lookCloser(call.timeout);
  }

  get(id: number): C | undefined {
    return this.#calls.get(id);
  }

  delete(call: C): void {
    if (this.#calls.delete(call.id)) {
      const duration = performance.now() - call.beganAt;
      call.counters?.ended(duration, call.failure);
      call.span?.ended(duration, call.failure);
    }
    if (this.#calls.size === 0) this.#onIdle();
  }

  /** Resolves when no call is alive, or after `timeout` milliseconds. */
  async drained(timeout: number): Promise<void> {
    const until = performance.now() + timeout;
    for (;;) {
      const now = performance.now();
      if (now >= until || !this.#calls.values().some((call) => call.isAlive(now - ANSWER_GRACE))) return;
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
        setTimeout(resolve, DRAIN_CHECK);
      });
    }
  }

  /**
   * As {@link drained}; calls that are alive even then fail, and their gateways have some time to hear of it: one whose connection
   * closes instead may go on as if nothing had been.
   */
  async finish(timeout: number): Promise<void> {
    await this.drained(timeout);
    const answered = performance.now() - ANSWER_GRACE;
    const alive = this.#calls.values().filter((call) => call.isAlive(answered));
    const message = "the server ended before its function returned, see -drain-timeout";
    for (const call of alive) {
      call.failure ??= "stopped";
      call.failed({ name: "Error", message, stack: message });
    }
    if (alive.length > 0) await this.drained(FAILURE_TIME);
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#calls.clear();
  }

  #expire(now: number): void {
    const due = this.#calls.values().filter(({ deadline }) => deadline <= now);
    for (const call of due.sort((one, other) => one.deadline - other.deadline || one.id - other.id)) {
      if (call.failure === undefined) this.#timedOut(call);
      call.overdue();
    }
  }

  #timedOut(call: C): void {
    call.failure = "timeout";
    const message = `it took longer than ${call.timeout / 1000} s`;
    call.span?.failed({ name: "Timeout", message, stack: "" });
    this.#telemetry?.plugin(call.plugin).failed({ function: call.functionName, reason: "timeout", message });
  }

  /** A call with a shorter timeout than any before may need a look more often. */
  #lookCloser(timeout: number): void {
    this.#shortestTimeout = timeout;
    const interval = Math.min(MAX_SWEEP, Math.max(MIN_SWEEP, timeout / SWEEPS_PER_TIMEOUT));
    if (interval >= this.#sweepInterval) return;
    clearInterval(this.#sweep);
    this.#sweepInterval = interval;
    this.#sweep = setInterval(() => this.#expire(performance.now()), interval).unref();
  }
}
