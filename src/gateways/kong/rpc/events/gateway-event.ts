// Owns one event on the gateway's side: plays the handler's calls one by one, whichever connection asks.
import { performance } from "node:perf_hooks";
import type { Call } from "../../../../core/calls/index.js";
import type { Ask } from "../../../../core/channel/index.js";
import type { ErrorInfo } from "../../../../core/model/index.js";
import type { CallRunner } from "../../../../core/server/index.js";
import type { Protocol } from "../../msgpack/index.js";

/** Where the answer to the gateway's present request goes. Only one is open at a time. After the last nothing follows. */
export type EventReply = (eventId: number, data: Buffer, isLast: boolean) => void;

/** The memory of larger calls is freed once they are sent: their beginning says what they were. */
const KEPT_BELOW = 4096;
const HEAD = 1024;

type EventState = "running" | "awaiting-step" | "over";

/** What an event needs of the protocol it is played in. */
export interface EventDialect {
  readonly protocol: Protocol;
  /**
   * Whether the gateway reads calls one after another from its connection: all that are there go out at once then, and
   * its answers come in the same order. Otherwise each waits for the answer to the one before.
   */
  readonly streams: boolean;
  /** The data that says the phase is over. */
  readonly phaseOver: Buffer;
  encodeCall(method: string, args: readonly unknown[]): Buffer;
  /** What the method returned. @throws for bytes that are no such result. */
  decodeResult(method: string, data: Buffer): unknown;
}

/** What the gateway is asked to do where a handler failed; the last of several may end the request. */
export interface FailureCall {
  readonly method: string;
  readonly args: readonly unknown[];
  readonly ends: boolean;
}

/** Whoever keeps the events hears what becomes of each. */
export interface EventOwner {
  /** What the gateway is told of an event that failed. */
  failureCalls(event: GatewayEvent, reason: string): readonly FailureCall[];
  /** Its handler threw, or its isolate is gone. */
  eventFailed(event: GatewayEvent, error: ErrorInfo): void;
  /** Called once, when the gateway has or will get nothing more of it; with the call that ended the request. */
  eventOver(event: GatewayEvent, end: Buffer | undefined): void;
  /** The gateway refused a call whose result nobody waits for. */
  callRefused(event: GatewayEvent, call: Buffer, answer: Buffer | undefined): void;
  eventOverdue(event: GatewayEvent): void;
}

export interface EventOptions {
  readonly id: number;
  readonly instanceId: number;
  readonly phase: string;
  readonly runner: CallRunner;
  readonly dialect: EventDialect;
  /** When the first of its bytes had come, and when it is given up, in the milliseconds of `performance.now`. */
  readonly beganAt: number;
  readonly deadline: number;
  readonly owner: EventOwner;
}

export class GatewayEvent implements Call {
  readonly id: number;
  readonly instanceId: number;
  readonly phase: string;
  readonly beganAt: number;
  readonly deadline: number;
  readonly runner: CallRunner;
  counters: Call["counters"] = undefined;
  span: Call["span"] = undefined;
  failure: Call["failure"] = undefined;
  readonly #options: EventOptions;
  #state: EventState = "running";
  #queue: Ask[] = [];
  /** Sent, and not answered yet. */
  readonly #played: Ask[] = [];
  #handlerDone = false;
  #hasFailed = false;
  #hasReturned = false;
  #askedAt = 0;
  #reply: EventReply | undefined;

  constructor(options: EventOptions, reply: EventReply) {
    this.id = options.id;
    this.instanceId = options.instanceId;
    this.phase = options.phase;
    this.beganAt = options.beganAt;
    this.deadline = options.deadline;
    this.runner = options.runner;
    this.#options = options;
    this.#reply = reply;
  }

  get plugin(): string {
    return this.runner.plugin;
  }

  /** What the core calls the phase. */
  get functionName(): string {
    return this.phase;
  }

  /** What the core calls the instance. */
  get bindingId(): number {
    return this.instanceId;
  }

  get timeout(): number {
    return this.runner.timeout;
  }

  get state(): EventState {
    return this.#state;
  }

  /** Whether its handler failed, or was given up. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Whether the gateway was told that it is over, and only owes answers. */
  get hasReturned(): boolean {
    return this.#hasReturned;
  }

  /** Whether it could still be ended if the gateway owed an answer: calls do not wait for those before. */
  get streams(): boolean {
    return this.#options.dialect.streams;
  }

  /** The call that the gateway has not answered. */
  get lastCall(): Buffer | undefined {
    return this.#played[0]?.data;
  }

  /** Whether its handler runs, or the gateway was asked for an answer after `since` (of `performance.now`). */
  isAlive(since: number): boolean {
    return this.#state === "running" || this.#askedAt > since;
  }

  /** The handler made calls. */
  asked(calls: readonly Ask[]): void {
    if (this.#handlerDone) return;
    this.#queue.push(...calls);
    this.#advance();
  }

  /** The handler has returned; what it queued is still to be played. */
  done(): void {
    if (this.#handlerDone) return;
    this.#handlerDone = true;
    this.#advance();
  }

  /** The handler failed, or its isolate is gone. */
  failed(error: ErrorInfo): void {
    this.handlerFailed(error.message);
    this.#options.owner.eventFailed(this, error);
  }

  /**
   * What the handler queued is dropped: a half-made change says nothing, and the request ends here, unless a failed plugin is to
   * be passed over.
   */
  handlerFailed(reason: string): void {
    if (!this.#handlerDone) this.#fail(this.#options.owner.failureCalls(this, reason));
  }

  overdue(): void {
    this.#options.owner.eventOverdue(this);
  }

  /** The gateway refused a call whose answer the handler does not look at: the event fails, though its handler may have returned. */
  callRefused(calls: readonly FailureCall[]): void {
    if (this.#hasFailed || this.#hasReturned || this.#state === "over") return;
    this.failure ??= "refused";
    if (!this.#handlerDone) this.runner.host.cancel(this.id, "the gateway refused a call of it");
    this.#fail(calls);
  }

  /** The last calls are not sent, since the gateway lacks a function: the event fails, though it may have been said to be over. */
  unsent(count: number, calls: readonly FailureCall[]): void {
    if (this.#hasFailed || this.#state === "over") return;
    this.#played.splice(-count, count);
    this.#hasReturned = false;
    this.failure ??= "refused";
    if (!this.#handlerDone) this.runner.host.cancel(this.id, "the gateway lacks a function that it called");
    this.#fail(calls);
  }

  #fail(calls: readonly FailureCall[]): void {
    this.#hasFailed = true;
    this.#handlerDone = true;
    this.#queue = calls.map(({ method, args, ends }) => ({
      data: this.#options.dialect.encodeCall(method, args),
      wantsAnswer: false,
      ends,
    }));
    this.#advance();
  }

  /**
   * The gateway answers the call that was sent last, and waits for what comes next.
   * Returns false, and takes no notice, where no call waits for an answer: the peer broke the protocol.
   */
  step(failed: boolean, data: Buffer | undefined, reply: EventReply): boolean {
    const answered = this.#played.shift();
    if (answered === undefined) return false;
    this.#state = this.#played.length > 0 ? "awaiting-step" : "running";
    this.#reply = reply;
    if (data !== undefined) this.counters?.received(data.length);
    if (answered.wantsAnswer && !this.#handlerDone) this.runner.host.answer(this.id, failed, data);
    else if (failed) this.#options.owner.callRefused(this, answered.data, data);
    this.#advance();
    return true;
  }

  #advance(): void {
    const reply = this.#reply;
    if (reply === undefined) return;
    if (this.#options.dialect.streams) return this.#stream(reply);
    const call = this.#queue.shift();
    if (call !== undefined) this.#play(call, reply);
    else if (this.#handlerDone) this.#over(reply, this.#options.dialect.phaseOver);
  }

  #play(call: Ask, reply: EventReply): void {
    // No step follows a call that ends the request: for this server the event is over once the call is sent.
    if (call.ends) return this.#over(reply, call.data, call.data);
    this.#state = "awaiting-step";
    this.#askedAt = performance.now();
    this.#played.push(call.data.length < KEPT_BELOW ? call : { ...call, data: Buffer.from(call.data.subarray(0, HEAD)) });
    if (!this.#options.dialect.streams) this.#reply = undefined;
    reply(this.id, call.data, false);
  }

  #stream(reply: EventReply): void {
    for (const call of this.#queue.splice(0)) this.#play(call, reply);
    if (!this.#handlerDone || this.#state === "over") return;
    if (this.#played.length === 0 && !this.#hasReturned) return this.#over(reply, this.#options.dialect.phaseOver);
    if (!this.#hasReturned) {
      this.#hasReturned = true;
      reply(this.id, this.#options.dialect.phaseOver, true);
    } else if (this.#played.length === 0) this.#leave();
  }

  #over(reply: EventReply, data: Buffer, end?: Buffer): void {
    this.#leave(end);
    reply(this.id, data, true);
  }

  #leave(end?: Buffer): void {
    this.#state = "over";
    this.#handlerDone = true;
    this.#reply = undefined;
    this.#options.owner.eventOver(this, end);
  }
}
