// Owns one call of a hook while it runs: what its isolate makes of it, and who has to be told.
import { performance } from "node:perf_hooks";
import type { Call } from "../../../core/calls/index.js";
import type { Ask } from "../../../core/channel/index.js";
import type { ErrorInfo } from "../../../core/model/index.js";
import type { CallRunner, Engine } from "../../../core/server/index.js";
import { type UnaryContext, GrpcError, STATUS } from "../http2/index.js";
import { MessageError, readAsk } from "../messages/index.js";
import type { HookLog, HookPlace } from "./hook-log.js";

export interface RunningHookOptions {
  readonly engine: Engine<RunningHook>;
  readonly runner: CallRunner;
  readonly bindingId: number;
  readonly place: HookPlace;
  readonly log: HookLog;
  /** What is answered where the function makes no reply; `undefined` where it has to. */
  readonly emptyReply: Uint8Array | undefined;
  /** Answers what the hook asks of this server. */
  readonly answer: (ask: Ask) => Promise<Buffer | undefined>;
  /** Runs the plugin's `log` with these bytes. */
  readonly later: (state: Buffer) => void;
  /** Takes the object that goes back to the gateway, or the status in its place. */
  readonly resolve: (reply: Uint8Array) => void;
  readonly reject: (error: GrpcError) => void;
}

const SHUT_REASON = "the plugin asked for what there is not";

export class RunningHook implements Call {
  readonly id: number;
  readonly timeout: number;
  readonly beganAt: number;
  readonly deadline: number;
  counters: Call["counters"] = undefined;
  span: Call["span"] = undefined;
  failure: Call["failure"] = undefined;
  readonly #options: RunningHookOptions;
  /** What is to be logged once the call is answered. */
  #logged: Buffer | undefined;

  constructor(options: RunningHookOptions, call: UnaryContext) {
    const { engine, runner } = options;
    this.#options = options;
    this.id = engine.calls.nextId();
    this.timeout = runner.timeout;
    this.beganAt = call.beganAt;
    this.deadline = performance.now() + runner.timeout;
    call.onCancel((reason) => this.#cancelled(reason));
  }

  get plugin(): string {
    return this.#options.place.plugin;
  }

  get functionName(): string {
    return this.#options.place.functionName;
  }

  get bindingId(): number {
    return this.#options.bindingId;
  }

  asked(asks: readonly Ask[]): void {
    const { runner, answer } = this.#options;
    for (const ask of asks) {
      if (!ask.wantsAnswer) {
        this.#keep(ask);
        continue;
      }
      answer(ask).then(
        (data) => {
          if (data !== undefined) this.counters?.received(data.length);
          runner.host.answer(this.id, false, data);
        },
        (error: unknown) => runner.host.answer(this.id, true, Buffer.from(error instanceof Error ? error.message : SHUT_REASON)),
      );
    }
  }

  done(result: Uint8Array | undefined = this.#options.emptyReply): void {
    const { engine, log, place, later, resolve } = this.#options;
    if (result === undefined) {
      const reason = "it made no reply";
      log.warn(place, reason);
      this.failure ??= "threw";
      this.#fail(STATUS.INTERNAL, reason);
      return;
    }
    engine.calls.delete(this);
    resolve(result);
    if (this.#logged !== undefined) later(this.#logged);
  }

  /** Bytes of plugin code: what cannot be read is nothing. */
  #keep({ data }: Ask): void {
    try {
      const ask = readAsk(data);
      if (ask.ask === "log") this.#logged = ask.state;
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      this.#options.log.warn(this.#options.place, error.message);
    }
  }

  failed(error: ErrorInfo): void {
    const { engine, bindingId, log, place } = this.#options;
    // A binding that cannot run was reported when it was made; each of its calls would only say it again.
    // The log has said that its isolate died, or that its binding cannot run.
    if (this.failure !== "isolate_died" && engine.bindings.get(bindingId)?.error === undefined) log.failed(place, error);
    this.#fail(statusOf(error), error.message);
  }

  overdue(): void {
    const { runner, log, place } = this.#options;
    const reason = `it took longer than ${this.timeout} ms`;
    runner.host.cancel(this.id, reason, true);
    log.warn(place, reason);
    this.#fail(STATUS.DEADLINE_EXCEEDED, reason);
  }

  isAlive(): boolean {
    return true;
  }

  /** Nobody waits for the answer any more. */
  #cancelled(reason: string): void {
    const { engine, runner, reject } = this.#options;
    this.failure ??= "abandoned";
    engine.calls.delete(this);
    runner.host.cancel(this.id, reason);
    reject(new GrpcError(STATUS.CANCELLED, reason));
  }

  #fail(status: GrpcError["status"], reason: string): void {
    const { engine, place, reject } = this.#options;
    engine.calls.delete(this);
    reject(new GrpcError(status, `plugin ${place.plugin}, ${place.functionName}: ${reason}`));
  }
}

function statusOf({ code }: ErrorInfo): GrpcError["status"] {
  if (code === "ISOLATE_BUSY") return STATUS.RESOURCE_EXHAUSTED;
  return code === "ISOLATE_BACKING_OFF" ? STATUS.UNAVAILABLE : STATUS.INTERNAL;
}
