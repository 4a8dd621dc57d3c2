// Holds what is known of one isolate while it lives: its state, what it last said of itself, and the memory in which it counts calls.
import { readFileSync } from "node:fs";
import type { PluginCounters } from "./call-counters.js";
import type { DeathReason, IsolateFigures, IsolateState } from "./figures.js";
import type { TracedCall } from "./traces/traced-call.js";
import type { IsolateVitals, ServedSample } from "./isolate-sample.js";

/** What is fixed from its start on. */
export interface IsolatePlace {
  readonly slot: number;
  readonly kind: "thread" | "process";
  /** Bytes of heap. */
  readonly limit: number;
}

/** Whoever runs the isolate. */
export interface ObservedIsolate {
  /** How many calls it was sent that have not ended. */
  countRunning(): number;
  /** Asks it what it holds: it answers with a sample. */
  ask(): void;
}

/** Hears of what outlives an isolate. */
export interface IsolateObserver {
  isolateCounts(counters: PluginCounters): void;
  /** What was counted there is to be kept: nobody counts there any more. */
  isolateCounted(counters: PluginCounters): void;
  /** Calls that it served itself and that are recorded; so many more it had to drop. */
  isolateTraced(calls: readonly TracedCall[], dropped: number): void;
  isolateDied(reason: DeathReason, message: string): void;
  isolateGone(isolate: IsolateTelemetry): void;
}

export type OneIsolate = Omit<IsolateFigures, "gateway" | "plugin">;

const NANOSECONDS = 1e9;
const MILLISECONDS = 1000;
/** Memories of one isolate: one for each of its own isolates, and those that have just ended. */
const MAX_COUNTERS = 1000;

export class IsolateTelemetry {
  readonly #place: IsolatePlace;
  readonly #owner: IsolateObserver;
  readonly #startedAt = Date.now();
  readonly #counters = new Map<number, PluginCounters>();
  #state: IsolateState | "gone" = "loading";
  #vitals: IsolateVitals | undefined;
  #maxDelay = 0;
  #thread: string | undefined;
  #isolate: ObservedIsolate | undefined;
  #served: ServedSample | undefined;
  #onSample: () => void = () => {};

  constructor(place: IsolatePlace, owner: IsolateObserver) {
    this.#place = place;
    this.#owner = owner;
  }

  observe(isolate: ObservedIsolate): void {
    this.#isolate = isolate;
  }

  /** From draining there is no way back. */
  enter(state: "serving" | "draining"): void {
    if (this.#state === "loading" || this.#state === "serving") this.#state = state;
  }

  /** As the system names its thread below /proc. */
  runsIn(thread: string): void {
    this.#thread ??= thread;
  }

  said(vitals: IsolateVitals): void {
    this.#vitals = vitals;
    this.#maxDelay = Math.max(this.#maxDelay, vitals.delay);
  }

  /** What it said of the server that it is itself, with all that it counts until now. */
  sampled(served: ServedSample | undefined): void {
    this.#served = served ?? this.#served;
    this.#onSample();
  }

  /** It counts calls itself, in this memory; another one with the same number takes the place of the one before. */
  counts(id: number, counters: PluginCounters): void {
    if (this.#state === "gone" || (this.#counters.size >= MAX_COUNTERS && !this.#counters.has(id))) return;
    this.#counters.set(id, counters);
    this.#owner.isolateCounts(counters);
  }

  counted(id: number): void {
    const counters = this.#counters.get(id);
    if (counters === undefined) return;
    this.#counters.delete(id);
    this.#owner.isolateCounted(counters);
  }

  traced({ calls, dropped }: { readonly calls: readonly TracedCall[]; readonly dropped: number }): void {
    this.#owner.isolateTraced(calls, dropped);
  }

  get counters(): readonly PluginCounters[] {
    return [...this.#counters.values()];
  }

  get served(): ServedSample | undefined {
    return this.#served;
  }

  /** Asks it what it holds now. Resolves with its answer, or when it is gone. */
  refresh(): Promise<void> {
    const isolate = this.#isolate;
    if (isolate === undefined || this.#state !== "serving") return Promise.resolve();
    return new Promise((resolve) => {
      this.#onSample = resolve;
      isolate.ask();
    });
  }

  /** It was not asked to end. */
  died(reason: DeathReason, message: string): void {
    this.#owner.isolateDied(reason, message);
  }

  /** It is gone. May be called twice. */
  gone(): void {
    if (this.#state === "gone") return;
    this.#state = "gone";
    for (const counters of this.#counters.values()) this.#owner.isolateCounted(counters);
    this.#counters.clear();
    this.#owner.isolateGone(this);
    this.#onSample();
  }

  /** It, and behind it those that it runs itself. */
  figures(): OneIsolate[] {
    return [this.#own(), ...(this.#served?.isolates ?? [])];
  }

  #own(): OneIsolate {
    const { slot, kind, limit } = this.#place;
    const vitals = this.#vitals;
    return {
      slot,
      kind,
      state: this.#state === "gone" ? "draining" : this.#state,
      startedAt: this.#startedAt,
      running: this.#isolate?.countRunning() ?? 0,
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
