// Owns the events that are under way: an event may move to another connection between its calls.
import { performance } from "node:perf_hooks";
import type { Ask } from "../../../../core/channel/index.js";
import type { ErrorInfo } from "../../../../core/model/index.js";
import type { CallRunner, Engine, TraceSource } from "../../../../core/server/index.js";
import { phaseFunction } from "../../msgpack/index.js";
import { encodedText, methodOfCall } from "./call-text.js";
import { ErrorCalls } from "./error-calls.js";
import {
  type EventDialect,
  type EventOptions,
  type EventOwner,
  type EventReply,
  type FailureCall,
  GatewayEvent,
} from "./gateway-event.js";

export interface EventTableOptions {
  readonly engine: Pick<Engine<GatewayEvent>, "calls" | "start">;
  /** Says what the gateway is told of an event that failed. */
  readonly failureCalls: (event: GatewayEvent, reason: string) => readonly FailureCall[];
  /** Its handler threw, or its isolate is gone. */
  readonly onFailed: (event: GatewayEvent, error: ErrorInfo) => void;
  readonly onTimeout: (event: GatewayEvent) => void;
  readonly onCallRefused: (event: GatewayEvent, call: Buffer, answer: Buffer | undefined) => void;
}

/** What a Step finds: an event, one that is over, or one this server knows nothing of (or gave up). */
export type StepTarget = GatewayEvent | "over" | "unknown";

/** A gateway that has not answered for so long (ms) will not. */
const STEP_GRACE = 1000;
const MAX_GIVEN_UP = 10_000;

const GET_HEADER = "kong.request.get_header";
const TRACE_PARENT = "traceparent";
const TRACE_STATE = "tracestate";
/** The phases in which the gateway gives headers of the request. */
const HAS_HEADERS: ReadonlySet<string> = new Set(["rewrite", "access", "response", "log"]);

export class EventTable implements EventOwner {
  readonly #options: EventTableOptions;
  /** Events that timed out while the gateway owed a step. Bounded; the oldest go first. */
  readonly #givenUp = new Set<number>();
  readonly #errorCalls = new ErrorCalls();
  readonly #traceSources = new Map<EventDialect, TraceSource>();

  constructor(options: EventTableOptions) {
    this.#options = options;
  }

  /** Starts an event, the first byte of which had come at `beganAt`; `reply` gets its first call or its end. */
  start(
    runner: CallRunner,
    { instanceId, phase, beganAt }: Pick<EventOptions, "instanceId" | "phase" | "beganAt">,
    dialect: EventDialect,
    reply: EventReply,
  ): GatewayEvent {
    const { engine } = this.#options;
    const id = engine.calls.nextId();
    const deadline = performance.now() + runner.timeout;
    const event = new GatewayEvent({ id, instanceId, phase, runner, dialect, beganAt, deadline, owner: this }, reply);
    const functionName = phaseFunction(dialect.protocol, phase);
    engine.start(event, runner, { bindingId: instanceId, functionName }, () => this.#traceSource(phase, dialect));
    return event;
  }

  #traceSource(phase: string, dialect: EventDialect): TraceSource | undefined {
    if (!HAS_HEADERS.has(phase)) return undefined;
    const known = this.#traceSources.get(dialect);
    if (known !== undefined) return known;
    const askFor = (header: string): Ask => ({ data: dialect.encodeCall(GET_HEADER, [header]), wantsAnswer: true, ends: false });
    const source = {
      ask: askFor(TRACE_PARENT),
      askState: askFor(TRACE_STATE),
      readAnswer: (data: Buffer) => dialect.decodeResult(GET_HEADER, data),
    };
    this.#traceSources.set(dialect, source);
    return source;
  }

  find(eventId: number): StepTarget {
    const { calls } = this.#options.engine;
    return calls.get(eventId) ?? (calls.gave(eventId) && !this.#givenUp.has(eventId) ? "over" : "unknown");
  }

  /** What a gateway is told that steps on after `kong.response.error`, which it lacks. */
  exitAfterError(eventId: number): Buffer | undefined {
    return this.#errorCalls.exitAfter(eventId);
  }

  /** The last `count` calls of an event are not sent, because the gateway lacks a function. */
  unsent(event: GatewayEvent, count: number, reason: string): void {
    event.unsent(count, this.failureCalls(event, reason));
  }

  /** The gateway has left in the middle of an event: nothing of it will be asked for. */
  abandon(event: GatewayEvent, reason: string): void {
    const { calls } = this.#options.engine;
    if (calls.get(event.id) !== event) return;
    event.failure ??= "abandoned";
    calls.delete(event);
    event.runner.host.cancel(event.id, reason);
  }

  close(): void {
    this.#givenUp.clear();
    this.#errorCalls.clear();
  }

  // What events tell their owner.

  failureCalls(event: GatewayEvent, reason: string): readonly FailureCall[] {
    return this.#options.failureCalls(event, reason);
  }

  eventFailed(event: GatewayEvent, error: ErrorInfo): void {
    this.#options.onFailed(event, error);
  }

  eventOver(event: GatewayEvent, end: Buffer | undefined): void {
    this.#options.engine.calls.delete(event);
    // Where calls are streamed the gateway has left with it.
    if (end !== undefined && !event.streams) this.#errorCalls.ended(event.id, end);
  }

  callRefused(event: GatewayEvent, call: Buffer, answer: Buffer | undefined): void {
    this.#options.onCallRefused(event, call, answer);
    const reason = `${methodOfCall(call)} failed in the gateway: ${encodedText(answer)}`;
    event.callRefused(this.failureCalls(event, reason));
  }

  eventOverdue(event: GatewayEvent): void {
    // Its failure is being played: only a gateway that does not answer that either is waited for no longer.
    if (event.hasFailed || event.hasReturned) {
      if (!event.isAlive(performance.now() - STEP_GRACE)) this.#giveUp(event);
      return;
    }
    const owedStep = event.state === "awaiting-step" && !event.streams;
    this.#options.onTimeout(event);
    if (owedStep) this.#giveUp(event);
    else event.handlerFailed("it took too long");
  }

  #giveUp(event: GatewayEvent): void {
    this.#options.engine.calls.delete(event);
    // A later step of one that lets requests go on finds it over.
    if (event.runner.onError === "continue") return;
    this.#givenUp.add(event.id);
    const [oldest] = this.#givenUp;
    if (this.#givenUp.size > MAX_GIVEN_UP && oldest !== undefined) this.#givenUp.delete(oldest);
  }
}
