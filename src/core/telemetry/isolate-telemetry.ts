// Holds what is known of one isolate while it lives: its state, what it last said of itself, and the memory in which it counts calls.
import { readFileSync } from "node:fs";
import { type PluginCounters } from "./call-counters.js";
import type { DeathReason, IsolateFigures, IsolateState } from "./figures.js";

/** What is fixed from its start on. */
export interface IsolatePlace {
  readonly slot: number;
  readonly kind: "thread" | "process";
  /** Bytes of heap. */
  readonly limit: number;
}

/** What an isolate says of itself with each sign of life. Sizes in bytes, the delay in milliseconds. */
export interface IsolateVitals {
  readonly heap: number;
  readonly external: number;
  /** How long the question waited until the isolate took it. */
  readonly delay: number;
}

/** Hears of what happens to an isolate; the plugin's telemetry is one. */
export interface IsolateOwnerTelemetry {
  /** The counters of the isolate, which is gone, are to be kept. */
  isolateGone(isolate: IsolateTelemetry, counters: readonly PluginCounters[]): void;
  isolateDied(reason: DeathReason, message: string): void;
  isolateRecycled(): void;
}

const NANOSECONDS = 1e9;
const MILLISECONDS = 1000;

export class IsolateTelemetry {
  readonly #place: IsolatePlace;
  readonly #owner: IsolateOwnerTelemetry;
  readonly #startedAt = Date.now();
  readonly #counters = new Map<number, PluginCounters>();
  #state: IsolateState = "loading";
  #vitals: IsolateVitals | undefined;
  #maxDelay = 0;
  #thread: string | undefined;
  /** Tells how many calls it runs. */
  #countRunning: () => number = () => 0;

  constructor(place: IsolatePlace, owner: IsolateOwnerTelemetry) {
    this.#place = place;
    this.#owner = owner;
  }

  runs(count: () => number): void {
    this.#countRunning = count;
  }

  enter(state: IsolateState): void {
    this.#state = state;
  }

  /** As the system names its thread below /proc. */
  runsIn(thread: string): void {
    this.#thread ??= thread;
  }

  said(vitals: IsolateVitals): void {
    this.#vitals = vitals;
    this.#maxDelay = Math.max(this.#maxDelay, vitals.delay);
  }

  /** It counts calls itself, in this memory; another memory of the same number takes the place of the one before. */
  counts(id: number, counters: PluginCounters): void {
    this.#counters.set(id, counters);
  }

  get counters(): readonly PluginCounters[] {
    return [...this.#counters.values()];
  }

  /** It was not asked to end. */
  died(reason: DeathReason, message: string): void {
    this.#owner.isolateDied(reason, message);
  }

  /** A fresh one takes over, since it is near its limit of memory. */
  recycled(): void {
    this.#owner.isolateRecycled();
  }

  /** It is gone. May be called twice. */
  gone(): void {
    this.#owner.isolateGone(this, this.counters);
    this.#counters.clear();
  }

  figures(): Omit<IsolateFigures, "gateway" | "plugin"> {
    const { slot, kind, limit } = this.#place;
    const vitals = this.#vitals;
    return {
      slot,
      kind,
      state: this.#state,
      startedAt: this.#startedAt,
      running: this.#countRunning(),
      heapBytes: vitals?.heap,
      externalBytes: vitals?.external,
      limitBytes: limit,
      eventLoopDelay: vitals === undefined ? undefined : vitals.delay / MILLISECONDS,
      maxEventLoopDelay: vitals === undefined ? undefined : this.#maxDelay / MILLISECONDS,
      cpuSeconds: this.#thread === undefined ? undefined : cpuSecondsOf(this.#thread),
    };
  }
}

/** Linux alone tells; so does no thread that has ended. */
function cpuSecondsOf(thread: string): number | undefined {
  try {
    const [nanoseconds] = readFileSync(`/proc/${thread}/schedstat`, "latin1").split(" ");
    const seconds = Number(nanoseconds) / NANOSECONDS;
    return Number.isFinite(seconds) ? seconds : undefined;
  } catch {
    // It has ended, or the system has no such file.
    return undefined;
  }
}
