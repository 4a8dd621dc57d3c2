// Owns one run of a handler: its calls on their way out, the answers it waits for, and how it ends.
import type { PdkCall } from "../channel/index.js";
import { PdkError, type PdkMethod } from "../pdk/index.js";
import { assertArguments, assertPhase, type CallableMethod } from "./callable-method.js";
import type { EventOpening } from "./opening-habits.js";
import { toWireArguments } from "./pdk-arguments.js";
import { type BodyKind, readResult } from "./pdk-result.js";

/** Between PDK calls and bytes; which one depends on the protocol the gateway speaks. */
export interface CallCodec {
  encodeCall(method: string, args: readonly unknown[]): Buffer;
  /** What a call returned; a promise where it has still to be read from somewhere. */
  decodeResult(method: string, data: Buffer): unknown;
}

/**
 * Thrown by `kong.response.exit` and `.error`, so that the handler ends there, awaited or not. It is no error: whoever
 * catches it finds the event over.
 */
export class ExitSignal extends Error {
  override readonly name = "ExitSignal";

  constructor(method: string) {
    super(`${method} has ended the request; the handler ends here`);
  }
}

interface Waiter {
  readonly method: PdkMethod;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: PdkError) => void;
}

/** What an event reports while it runs. */
export interface EventOutlet {
  /** Called in the tick in which a call wants an answer or ends the request. */
  send(event: RunningEvent, calls: PdkCall[]): void;
  /** Runs `flush` once the code that runs now has made its calls: those made in one go travel together. */
  defer(flush: () => void): void;
  /** Nothing refers to the memory of this answer any more. */
  spent(data: Buffer): void;
  /** The event has ended by exit or error: nothing of it is to be heard any more. */
  ended(event: RunningEvent): void;
}

export interface EventSettings {
  readonly id: number;
  readonly instanceId: number;
  readonly phase: string;
  readonly bodies: BodyKind;
  readonly codec: CallCodec;
  readonly outlet: EventOutlet;
  /** Where the host can ask ahead. */
  readonly opening: EventOpening | undefined;
}

const DONE = Promise.resolve();

export class RunningEvent {
  readonly id: number;
  readonly instanceId: number;
  readonly phase: string;
  readonly bodies: BodyKind;
  readonly #codec: CallCodec;
  readonly #outlet: EventOutlet;
  readonly #opening: EventOpening | undefined;
  #state: "running" | "exited" | "over" = "running";
  #queue: PdkCall[] = [];
  #flushScheduled = false;
  readonly #waiters: Waiter[] = [];
  readonly #reading = new Set<Waiter>();

  constructor({ id, instanceId, phase, bodies, codec, outlet, opening }: EventSettings) {
    this.id = id;
    this.instanceId = instanceId;
    this.phase = phase;
    this.bodies = bodies;
    this.#codec = codec;
    this.#outlet = outlet;
    this.#opening = opening;
  }

  get exited(): boolean {
    return this.#state === "exited";
  }

  /** @throws {PdkError} once the event has ended. */
  assertRunning(method: string): void {
    if (this.#state !== "running") throw new PdkError("PDK_EVENT_ENDED", { method });
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
          : new PdkError("PDK_BAD_ARGUMENT", { method: method.method, reason: String(thrown), cause: thrown });
      // These are often not awaited: a mere rejection would let the request through that was to be refused.
      if (method.ends) throw error;
      return Promise.reject(error);
    }
    if (method.ends) return this.#exit(method, data);
    const known = this.#opening?.answerTo(data, method.isPlainRead);
    if (known !== undefined) {
      return new Promise((resolve, reject) => this.#settle({ method, resolve, reject }, known.failed, known.data));
    }
    this.#queue.push({ data, wantsAnswer: !method.writeBehind, ends: false });
    if (method.writeBehind) return DONE;
    this.#scheduleFlush();
    return new Promise((resolve, reject) => this.#waiters.push({ method, resolve, reject }));
  }

  /** The gateway's answer to the oldest call that waits for one. */
  step(failed: boolean, data: Buffer | undefined): void {
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) this.#settle(waiter, failed, data);
  }

  #settle(waiter: Waiter, failed: boolean, data: Buffer | undefined): void {
    const { method } = waiter.method;
    try {
      const value = data === undefined ? undefined : this.#codec.decodeResult(method, data);
      if (failed) waiter.reject(new PdkError("PDK_CALL_FAILED", { method, reason: String(value) }));
      else if (value instanceof Promise) this.#awaitResult(waiter, value);
      else {
        const result = readResult(waiter.method.returns, value, this.bodies);
        waiter.resolve(result);
        if (typeof result === "string" && data !== undefined) this.#outlet.spent(data);
      }
    } catch (error) {
      waiter.reject(unreadable(method, error));
    }
  }

  /** Until the value is there the call is still pending: the event may be cancelled. */
  #awaitResult(waiter: Waiter, value: Promise<unknown>): void {
    this.#reading.add(waiter);
    void value
      .then(
        (read) => waiter.resolve(readResult(waiter.method.returns, read, this.bodies)),
        (error: unknown) => waiter.reject(unreadable(waiter.method.method, error)),
      )
      .finally(() => this.#reading.delete(waiter));
  }

  /** Takes what is queued and ends the event; later PDK calls are refused. */
  finish(): PdkCall[] {
    this.#opening?.over();
    const rest = this.#queue;
    this.#end("over");
    return rest;
  }

  cancel(reason: string): void {
    const waiters = [...this.#waiters.splice(0), ...this.#reading];
    this.#end("over");
    for (const { method, reject } of waiters) reject(new PdkError("PDK_EVENT_CANCELLED", { method: method.method, reason }));
  }

  #exit(method: PdkMethod, data: Buffer): never {
    const calls = [...this.#queue, { data, wantsAnswer: false, ends: true }];
    this.#end("exited");
    this.#opening?.over();
    this.#outlet.send(this, calls);
    this.#outlet.ended(this);
    throw new ExitSignal(method.method);
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
