// Owns one run of a handler: its calls on their way out, the answers it waits for, and how it ends.
import { performance } from "node:perf_hooks";
import type { Ask, CallTrace } from "../../../core/channel/index.js";
import { toErrorInfo } from "../../../core/model/index.js";
import type { CallOrigin } from "../../../core/worker/index.js";
import { PdkError, type PdkMethod } from "../pdk/index.js";
import { assertArguments, assertPhase, type CallableMethod } from "./calls/callable-method.js";
import type { EventPrefetch } from "./prefetch-learner.js";
import { toWireArguments } from "./calls/pdk-arguments.js";
import { type BodyKind, readResult } from "./calls/pdk-result.js";
import { ExitSignal } from "./exit-signal.js";
import { nextTurn, Refusals, WatchedPromise } from "./refusals.js";

/** Between PDK calls and bytes; which one depends on the protocol the gateway speaks. */
export interface CallCodec {
  encodeCall(method: string, args: readonly unknown[]): Buffer;
  /** What a call returned; a promise where it has still to be read from somewhere. */
  decodeResult(method: string, data: Buffer): unknown;
}

interface Waiter {
  readonly method: PdkMethod;
  /** Only of a call whose answer says whether it was done. */
  readonly watched?: WatchedPromise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: PdkError) => void;
}

/** What an event reports while it runs. */
export interface EventOutlet {
  /** Called in the tick in which a call wants an answer or ends the request. */
  send(event: HandlerEvent, calls: Ask[]): void;
  /** Runs `flush` once the code that runs now has made its calls: those made in one go travel together. */
  defer(flush: () => void): void;
  /** Nothing refers to the memory of this answer any more. */
  spent(data: Buffer): void;
  /** The event has ended by exit or error: nothing of it is to be heard any more. */
  ended(event: HandlerEvent): void;
  /** The event has ended by exit or error, and a call before that was refused, which nobody caught. */
  failed(event: HandlerEvent, error: unknown): void;
}

export interface EventSettings {
  readonly plugin: string;
  readonly id: number;
  readonly instanceId: number;
  readonly phase: string;
  readonly bodies: BodyKind;
  readonly codec: CallCodec;
  readonly outlet: EventOutlet;
  readonly opening: EventPrefetch | undefined;
  readonly trace: CallTrace | undefined;
}

const DONE = Promise.resolve();

export class HandlerEvent implements CallOrigin {
  readonly plugin: string;
  readonly id: number;
  readonly instanceId: number;
  readonly phase: string;
  readonly bodies: BodyKind;
  readonly trace: CallTrace | undefined;
  readonly began = performance.now();
  readonly #codec: CallCodec;
  readonly #outlet: EventOutlet;
  readonly #opening: EventPrefetch | undefined;
  #state: "running" | "exited" | "over" = "running";
  #queue: Ask[] = [];
  #flushScheduled = false;
  readonly #waiters: Waiter[] = [];
  readonly #reading = new Set<Waiter>();
  #refusals: Refusals | undefined;
  /** Functions made of other calls that are under way. */
  #composing = 0;
  #onAnswered: (() => void) | undefined;

  constructor({ plugin, id, instanceId, phase, bodies, codec, outlet, opening, trace }: EventSettings) {
    this.plugin = plugin;
    this.id = id;
    this.instanceId = instanceId;
    this.phase = phase;
    this.bodies = bodies;
    this.#codec = codec;
    this.#outlet = outlet;
    this.#opening = opening;
    this.trace = trace;
  }

  /** What the core calls the phase. */
  get functionName(): string {
    return this.phase;
  }

  /** What the core calls the instance. */
  get bindingId(): number {
    return this.instanceId;
  }

  get exited(): boolean {
    return this.#state === "exited";
  }

  /** Whether there is more to wait for than the handler: an answer, or what becomes of a call that was refused. */
  get isUnsettled(): boolean {
    return this.#refusals === undefined ? this.#isWaiting() : this.#state === "running";
  }

  #isWaiting(): boolean {
    return this.#state === "running" && (this.#waiters.length > 0 || this.#reading.size > 0 || this.#composing > 0);
  }

  /** Once the handler has returned: waits for the answers that it did not await. Gives the error that nobody caught. */
  async settled(): Promise<unknown> {
    for (;;) {
      while (this.#isWaiting()) {
        await new Promise<void>((resolve) => (this.#onAnswered = resolve));
        // What waited for an answer may ask for another.
        await nextTurn();
      }
      const error = await this.#refusals?.uncaught();
      if (error !== undefined || !this.#isWaiting()) return error;
    }
  }

  /** Runs a function that is made of other calls. What it ends with is as if it were a call of its own. */
  compose(method: string, run: () => Promise<unknown>): Promise<unknown> {
    if (this.#state !== "running") return Promise.reject(new PdkError("PDK_EVENT_ENDED", { method }));
    this.#composing += 1;
    const result = run();
    const composed = new WatchedPromise<unknown>((resolve) => resolve(result));
    void result
      .catch((error: unknown) => {
        if (this.#state === "running" && error instanceof Error) this.#refused.note(composed, error);
      })
      .finally(() => {
        this.#composing -= 1;
        this.#onAnswered?.();
      });
    return composed;
  }

  /** Makes a PDK call. @throws {ExitSignal} for the calls that never return, {PdkError} where these may not be sent. */
  call(method: CallableMethod, args: readonly unknown[]): Promise<unknown> {
    if (this.#state !== "running") return Promise.reject(new PdkError("PDK_EVENT_ENDED", { method: method.method }));
    let data: Buffer;
    try {
      assertPhase(method, this.phase);
      const wireArguments = toWireArguments(method.method, args);
      assertArguments(method, wireArguments, this.phase);
      data = this.#codec.encodeCall(method.method, wireArguments);
    } catch (thrown) {
      const error =
        thrown instanceof PdkError
          ? thrown
          : new PdkError("PDK_BAD_ARGUMENT", { method: method.method, reason: toErrorInfo(thrown).message, cause: thrown });
      // Nothing is to run behind a call that ends the request.
      if (method.ends) throw this.#refused.own(error);
      return this.#refuse(error);
    }
    if (method.ends) return this.#exit(method, data);
    const known = this.#opening?.answerTo(data, method.isPlainRead);
    if (known !== undefined) {
      return new Promise((resolve, reject) => this.#settle({ method, resolve, reject }, known.failed, known.data));
    }
    this.#queue.push({ data, wantsAnswer: !method.writeBehind, ends: false });
    if (method.writeBehind) return DONE;
    this.#scheduleFlush();
    if (method.saysDone) return this.#awaitDone(method);
    return new Promise((resolve, reject) => this.#waiters.push({ method, resolve, reject }));
  }

  get #refused(): Refusals {
    return (this.#refusals ??= new Refusals());
  }

  #refuse(error: PdkError): Promise<never> {
    const refused = new WatchedPromise<never>((_resolve, reject) => reject(error));
    this.#refused.note(refused, error);
    return refused;
  }

  #awaitDone(method: PdkMethod): Promise<unknown> {
    let waiter: Omit<Waiter, "watched"> | undefined;
    const watched = new WatchedPromise<unknown>((resolve, reject) => (waiter = { method, resolve, reject }));
    if (waiter !== undefined) this.#waiters.push({ ...waiter, watched });
    return watched;
  }

  /** The gateway's answer to the oldest call that waits for one. */
  step(failed: boolean, data: Buffer | undefined): void {
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) this.#settle(waiter, failed, data);
    this.#onAnswered?.();
  }

  #settle(waiter: Waiter, failed: boolean, data: Buffer | undefined): void {
    const { method } = waiter.method;
    try {
      const value = data === undefined ? undefined : this.#codec.decodeResult(method, data);
      if (failed) this.#reject(waiter, new PdkError("PDK_CALL_FAILED", { method, reason: String(value) }));
      else if (value instanceof Promise) this.#awaitResult(waiter, value);
      else {
        const result = readResult(waiter.method.returns, value, this.bodies);
        if (waiter.watched !== undefined && result !== true) this.#notDone(method, waiter.watched);
        waiter.resolve(result);
        if (typeof result === "string" && data !== undefined) this.#outlet.spent(data);
      }
    } catch (error) {
      this.#reject(waiter, unreadable(method, error));
    }
  }

  #reject({ watched, reject }: Waiter, error: PdkError): void {
    if (watched === undefined) this.#refused.own(error);
    else this.#refused.note(watched, error);
    reject(error);
  }

  /** From 3.0 on a gateway gives no reason, and no sign but this answer. Who awaits it can see. */
  #notDone(method: string, watched: WatchedPromise<unknown>): void {
    if (watched.isTaken) return;
    const reason = "the gateway did not do it, and gives no reason; await the call to see what it gives";
    this.#refused.note(watched, new PdkError("PDK_CALL_FAILED", { method, reason }));
  }

  /** Until the value is there the call is still pending: the event may be cancelled. */
  #awaitResult(waiter: Waiter, value: Promise<unknown>): void {
    this.#reading.add(waiter);
    void value
      .then(
        (read) => waiter.resolve(readResult(waiter.method.returns, read, this.bodies)),
        (error: unknown) => this.#reject(waiter, unreadable(waiter.method.method, error)),
      )
      .finally(() => {
        this.#reading.delete(waiter);
        this.#onAnswered?.();
      });
  }

  /** Takes what is queued and ends the event; later PDK calls are refused. */
  finish(): Ask[] {
    this.#opening?.over();
    const rest = this.#queue;
    this.#end("over");
    return rest;
  }

  cancel(reason: string): void {
    const waiters = [...this.#waiters.splice(0), ...this.#reading];
    this.#end("over");
    for (const { method, reject } of waiters) reject(new PdkError("PDK_EVENT_CANCELLED", { method: method.method, reason }));
    this.#onAnswered?.();
  }

  #exit(method: PdkMethod, data: Buffer): never {
    const calls = [...this.#queue, { data, wantsAnswer: false, ends: true }];
    this.#end("exited");
    this.#opening?.over();
    if (this.#refusals === undefined) this.#sendEnd(calls);
    else
      this.#refusals
        .uncaught()
        .then((error) => (error === undefined ? this.#sendEnd(calls) : this.#failEnd(error)))
        .catch((error: unknown) => this.#failEnd(error));
    throw new ExitSignal(method.method);
  }

  #sendEnd(calls: Ask[]): void {
    if (this.#state !== "exited") return;
    this.#outlet.send(this, calls);
    this.#outlet.ended(this);
  }

  #failEnd(error: unknown): void {
    if (this.#state === "exited") this.#outlet.failed(this, error);
  }

  #end(state: "exited" | "over"): void {
    this.#state = state;
    this.#queue = [];
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    this.#outlet.defer(() => {
      this.#flushScheduled = false;
      if (this.#queue.length === 0) return;
      const calls = this.#queue;
      this.#queue = [];
      this.#opening?.sent();
      this.#outlet.send(this, calls);
    });
  }
}

function unreadable(method: string, error: unknown): PdkError {
  return new PdkError("PDK_CALL_FAILED", { method, reason: `its answer cannot be read: ${String(error)}`, cause: error });
}
