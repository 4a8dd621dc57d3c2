// Owns the calls that are traced: what each is in a trace, and the recorded ones from their end until somebody takes them, in a bounded
// queue that nobody waits for.
import type { ErrorInfo } from "../../model/index.js";
import type { FailureReason } from "../figures.js";
import { formatTraceParent, isTraceState, newSpanId, newTraceId, parseTraceParent, type TraceContext } from "./trace-context.js";
import type { SpanError, TracedCall } from "./traced-call.js";

/** Whose call it is. */
export interface CallPlace {
  readonly gateway: string;
  readonly plugin: string;
  readonly function: string;
  readonly binding: number;
}

export interface SpanOwner {
  /** Whether a call is recorded that belongs to no trace yet. */
  samples(): boolean;
  ended(call: TracedCall): void;
}

const MAX_MESSAGE = 1000;
const MAX_STACK = 8000;

/** A child of what the gateway says of the call, or the first span of a trace of its own. */
export class CallSpan {
  readonly #owner: SpanOwner;
  readonly #place: CallPlace;
  readonly #startedAt: number;
  #own: TraceContext | undefined;
  #parent: TraceContext | undefined;
  #state: string | undefined;
  #error: SpanError | undefined;

  /** `startedAt`: Unix time in milliseconds. */
  constructor(place: CallPlace, owner: SpanOwner, startedAt: number) {
    this.#place = place;
    this.#owner = owner;
    this.#startedAt = startedAt;
  }

  /** `traceParent`: what the gateway has said of it, whatever that is. Told again it changes nothing. */
  belongsTo(traceParent: unknown): void {
    if (this.#own !== undefined) return;
    const parent = parseTraceParent(traceParent);
    this.#parent = parent;
    // Who records nothing needs no ids of its own: what follows belongs to the parent.
    if (parent?.isSampled === false) this.#own = parent;
    else
      this.#own = {
        traceId: parent?.traceId ?? newTraceId(),
        spanId: newSpanId(),
        isSampled: parent?.isSampled ?? this.#owner.samples(),
      };
  }

  get hasParent(): boolean {
    return this.#parent !== undefined;
  }

  /** What the gateway has said of others that are in the trace: it goes on as it is. Without a parent it says nothing. */
  stateIs(traceState: unknown): void {
    if (this.hasParent && isTraceState(traceState)) this.#state = traceState;
  }

  /** The `traceparent` of what the call itself calls, and behind a space the `tracestate`; undefined until it is known. */
  get context(): string | undefined {
    if (this.#own === undefined) return undefined;
    const parent = formatTraceParent(this.#own);
    return this.#state === undefined ? parent : `${parent} ${this.#state}`;
  }

  /** The first error stays. */
  failed({ name, message, stack }: ErrorInfo): void {
    this.#error ??= {
      name: name.slice(0, MAX_MESSAGE),
      message: message.slice(0, MAX_MESSAGE),
      stack: stack.slice(0, MAX_STACK),
    };
  }

  /** The call is over, after so many milliseconds. */
  ended(duration: number, failure: FailureReason | undefined): void {
    this.belongsTo(undefined);
    const own = this.#own;
    if (own?.isSampled !== true) return;
    this.#owner.ended({
      ...this.#place,
      traceId: own.traceId,
      spanId: own.spanId,
      parentSpanId: this.#parent?.spanId,
      traceState: this.#state,
      startedAt: this.#startedAt,
      duration,
      failure,
      error: this.#error,
    });
  }
}

/** Calls that wait to be taken; what comes beyond is dropped, and counted. */
const MAX_WAITING = 4096;

export class Traces {
  /** The part of the calls without a parent that are recorded, from 0 to 1. */
  readonly ratio: number;
  #waiting: TracedCall[] = [];
  #recorded = 0;
  #dropped = 0;
  #onCall: (call: TracedCall) => void = () => {};

  constructor(ratio: number) {
    this.ratio = ratio;
  }

  /** A call begins. */
  /** The call has begun so many milliseconds ago. */
  begin(place: CallPlace, ago = 0): CallSpan {
    return new CallSpan(place, this, Date.now() - ago);
  }

  samples(): boolean {
    return Math.random() < this.ratio;
  }

  /** A recorded call is over. */
  ended(call: TracedCall): void {
    this.#recorded += 1;
    this.#onCall(call);
    if (this.#waiting.length < MAX_WAITING) this.#waiting.push(call);
    else this.#dropped += 1;
  }

  /** Hears of each recorded call when it is over, also of one that is dropped. There is one listener. */
  onCall(listener: (call: TracedCall) => void): void {
    this.#onCall = listener;
  }

  /** So many were dropped elsewhere, on their way here or from here. */
  lost(calls: number): void {
    this.#dropped += calls;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get recorded(): number {
    return this.#recorded;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** The oldest that wait, `limit` at most: they wait no more. */
  take(limit = MAX_WAITING): readonly TracedCall[] {
    return this.#waiting.splice(0, limit);
  }
}
