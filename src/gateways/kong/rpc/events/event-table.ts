// Owns every event that is under way, server-wide: an event may move to another connection between its calls.
import { performance } from "node:perf_hooks";
import type { Ask } from "../../../../core/channel/index.js";
import { phaseFunction } from "../../msgpack/index.js";
import { encodedText, methodOfCall } from "./call-text.js";
import { ErrorCalls } from "./error-calls.js";
import { GatewayEvent, type EventDialect, type EventReply, type EventRunner, type FailureCall } from "./gateway-event.js";

/** The ids of a server whose events others know by their ids: those that are `slot` beyond a multiple of `slots`. */
export interface EventIds {
  readonly slot: number;
  readonly slots: number;
}

export interface EventTableOptions {
  /** All ids by default. */
  readonly ids?: EventIds | undefined;
  /** Says what the gateway is told of an event that failed. */
  readonly failureCalls: (event: GatewayEvent, reason: string) => readonly FailureCall[];
  readonly onTimeout: (event: GatewayEvent) => void;
  readonly onCallRefused: (event: GatewayEvent, call: Buffer, answer: Buffer | undefined) => void;
}

/** What a Step finds: an event, one that is over, or one this server knows nothing of (or gave up). */
export type StepTarget = GatewayEvent | "over" | "unknown";

const SWEEPS_PER_TIMEOUT = 20;
const MIN_SWEEP = 50;
const MAX_SWEEP = 1000;
const STEP_GRACE = 1000;
const DRAIN_CHECK = 100;
const MAX_GIVEN_UP = 10_000;
const ID_SPACE = 2 ** 31;

export class EventTable {
  readonly #options: EventTableOptions;
  readonly #events = new Map<number, GatewayEvent>();
  /** The same events by their timeout: those with one timeout stand in the order of their deadlines. */
  readonly #byTimeout = new Map<number, Map<number, GatewayEvent>>();
  /** Events that timed out while the gateway owed a step. Bounded; the oldest go first. */
  readonly #givenUp = new Set<number>();
  readonly #errorCalls = new ErrorCalls();
  readonly #firstId: number;
  readonly #idStep: number;
  #sweep: NodeJS.Timeout | undefined;
  #sweepInterval = Infinity;
  #nextId: number;
  #onIdle: () => void = () => {};

  constructor(options: EventTableOptions) {
    this.#options = options;
    // Any number a former server may have used must not hit an event of this one.
    const { slot, slots } = options.ids ?? { slot: 0, slots: 1 };
    this.#idStep = slots;
    this.#firstId = Math.floor((Math.random() * ID_SPACE) / slots) * slots + slot;
    this.#nextId = this.#firstId;
  }

  get size(): number {
    return this.#events.size;
  }

  /** Starts an event on `host`; `reply` gets its first call or its end. */
  start(runner: EventRunner, instanceId: number, phase: string, dialect: EventDialect, reply: EventReply): GatewayEvent {
    const event = new GatewayEvent(
      {
        id: this.#nextId,
        instanceId,
        phase,
        runner,
        dialect,
        deadline: performance.now() + runner.timeout,
        onOver: (_event, end) => {
          this.#remove(event);
          // Where calls are streamed the gateway has left with it.
          if (end !== undefined && !dialect.streams) this.#errorCalls.ended(event.id, end);
        },
        onCallRefused: (_event, call, answer) => this.#callRefused(event, call, answer),
      },
      reply,
    );
    this.#nextId += this.#idStep;
    this.#events.set(event.id, event);
    this.#timed(runner.timeout).set(event.id, event);
    runner.host.start({ callId: event.id, bindingId: instanceId, functionName: phaseFunction(dialect.protocol, phase) });
    return event;
  }

  find(eventId: number): StepTarget {
    const event = this.#events.get(eventId);
    if (event !== undefined) return event;
    const mine = eventId >= this.#firstId && eventId < this.#nextId && (eventId - this.#firstId) % this.#idStep === 0;
    return mine && !this.#givenUp.has(eventId) ? "over" : "unknown";
  }

  /** What a gateway is told that steps on after `kong.response.error`, which it lacks. */
  exitAfterError(eventId: number): Buffer | undefined {
    return this.#errorCalls.exitAfter(eventId);
  }

  /** The last `count` calls of an event are not sent, because the gateway lacks a function. */
  unsent(event: GatewayEvent, count: number, reason: string): void {
    event.unsent(count, this.#options.failureCalls(event, reason));
  }

  #callRefused(event: GatewayEvent, call: Buffer, answer: Buffer | undefined): void {
    this.#options.onCallRefused(event, call, answer);
    const reason = `${methodOfCall(call)} failed in the gateway: ${encodedText(answer)}`;
    event.callRefused(this.#options.failureCalls(event, reason));
  }

  calls(eventId: number, calls: readonly Ask[]): void {
    this.#events.get(eventId)?.addCalls(calls);
  }

  returned(eventId: number): void {
    this.#events.get(eventId)?.handlerReturned();
  }

  failed(eventId: number, reason: string): GatewayEvent | undefined {
    const event = this.#events.get(eventId);
    event?.handlerFailed(this.#options.failureCalls(event, reason));
    return event;
  }

  /** The gateway has left in the middle of an event: nothing of it will be asked for. */
  abandon(event: GatewayEvent, reason: string): void {
    if (this.#events.get(event.id) !== event) return;
    this.#remove(event);
    event.runner.host.cancel(event.id, reason);
  }

  /**
   * Resolves when no event is under way, or after `timeout` milliseconds. Events whose call the gateway has not answered
   * for a second count as over: it refused the call, and would hold every restart up.
   */
  async drained(timeout: number): Promise<void> {
    const until = performance.now() + timeout;
    for (;;) {
      const now = performance.now();
      if (now >= until || ![...this.#events.values()].some((event) => event.isAlive(now - STEP_GRACE))) return;
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
        setTimeout(resolve, DRAIN_CHECK);
      });
    }
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#events.clear();
    this.#byTimeout.clear();
    this.#givenUp.clear();
    this.#errorCalls.clear();
  }

  #expire(now: number): void {
    for (const events of this.#byTimeout.values()) {
      for (const event of events.values()) {
        if (event.deadline > now) break;
        this.#timeout(event);
      }
    }
  }

  #timeout(event: GatewayEvent): void {
    // Its failure is being played: only a gateway that does not answer that either is waited for no longer.
    if (event.hasFailed || event.hasReturned) {
      if (!event.isAlive(performance.now() - STEP_GRACE)) this.#giveUp(event);
      return;
    }
    const owedStep = event.state === "awaiting-step" && !event.streams;
    this.#options.onTimeout(event);
    if (owedStep) this.#giveUp(event);
    else event.handlerFailed(this.#options.failureCalls(event, "it took too long"));
  }

  #giveUp(event: GatewayEvent): void {
    this.#remove(event);
    // A later step of one that lets requests go on finds it over.
    if (event.runner.onError === "continue") return;
    this.#givenUp.add(event.id);
    const [oldest] = this.#givenUp;
    if (this.#givenUp.size > MAX_GIVEN_UP && oldest !== undefined) this.#givenUp.delete(oldest);
  }

  /** The events with this timeout; a new one may need a closer look than those before. */
  #timed(timeout: number): Map<number, GatewayEvent> {
    const known = this.#byTimeout.get(timeout);
    if (known !== undefined) return known;
    const events = new Map<number, GatewayEvent>();
    this.#byTimeout.set(timeout, events);
    const interval = Math.min(MAX_SWEEP, Math.max(MIN_SWEEP, timeout / SWEEPS_PER_TIMEOUT));
    if (interval < this.#sweepInterval) {
      clearInterval(this.#sweep);
      this.#sweepInterval = interval;
      this.#sweep = setInterval(() => this.#expire(performance.now()), interval).unref();
    }
    return events;
  }

  #remove(event: GatewayEvent): void {
    this.#events.delete(event.id);
    this.#byTimeout.get(event.runner.timeout)?.delete(event.id);
    if (this.#events.size === 0) this.#onIdle();
  }
}
