// Runs the calls of one plugin in the thread it is in: bytes of the gateway in, bytes for the gateway out.
import type { BindingSpec, CallHost, CallHostListener, CallStart, LogEntry } from "../../../core/channel/index.js";
import { type ErrorInfo, IdTable, toErrorInfo } from "../../../core/model/index.js";
import { type CallTracking, NO_TRACKING } from "../../../core/worker/index.js";
import { isTykError } from "../api/index.js";
import { ApiDefinitions } from "./api-definitions.js";
import type { BoundConfig } from "./config/config-reader.js";
import type { PluginFunction, TykDefinition } from "./definition.js";
import { HookCall } from "./calls/hook-call.js";
import { type Run, runFunction } from "./calls/run-function.js";

type Binding = { readonly state: "ready"; readonly bound: BoundConfig } | { readonly state: "failed"; readonly reason: Error };

export interface TykHostOptions {
  /** The plugin's name, where its module states none. */
  readonly plugin?: string;
  readonly tracking?: CallTracking;
  /** At once. */
  readonly maxCalls?: number | undefined;
}

const STREAMING =
  "it has a response hook: the gateway reads the whole response of the upstream before it sends any of it, so that server-sent events " +
  "and other endless responses never reach the clients of APIs that call it";

export class TykHost implements CallHost {
  readonly #definition: TykDefinition;
  readonly #plugin: string;
  readonly #listener: CallHostListener;
  readonly #tracking: CallTracking;
  readonly #maxCalls: number;
  readonly #bindings = new Map<number, Binding>();
  readonly #calls = new IdTable<HookCall>();
  readonly #definitions = new ApiDefinitions();
  #hasWarned = false;

  constructor(
    definition: TykDefinition,
    listener: CallHostListener,
    { plugin = "?", tracking = NO_TRACKING, maxCalls = Infinity }: TykHostOptions = {},
  ) {
    this.#definition = definition;
    this.#plugin = definition.name ?? plugin;
    this.#listener = listener;
    this.#tracking = tracking;
    this.#maxCalls = maxCalls;
  }

  bind({ id, config }: BindingSpec): void {
    try {
      this.#bindings.set(id, { state: "ready", bound: this.#definition.readConfig(config) });
    } catch (thrown) {
      this.#bindings.set(id, { state: "failed", reason: thrown instanceof Error ? thrown : new Error(String(thrown)) });
      this.#listener.onBindingFailed(id, toErrorInfo(thrown));
    }
  }

  unbind(bindingId: number): void {
    this.#bindings.delete(bindingId);
  }

  start({ callId, bindingId, functionName, payload, trace }: CallStart): void {
    if (this.#calls.size >= this.#maxCalls)
      return this.#listener.onFailure(callId, tooManyCalls(this.#maxCalls), { reason: "overloaded" });
    const binding = this.#bindings.get(bindingId);
    const fn = this.#definition.functions.get(functionName);
    if (binding?.state !== "ready") return this.#refuse(callId, binding?.reason ?? new Error(`binding ${bindingId} is not here`));
    if (fn === undefined) return this.#refuse(callId, new Error(`plugin ${this.#plugin} has no function ${functionName}`));
    if (payload === undefined) return this.#refuse(callId, new Error("the call came without a message"));
    const ask = this.#listener.onAsks.bind(this.#listener, callId);
    const call = new HookCall({ id: callId, bindingId, functionName, kind: fn.kind, trace, ask: (one) => ask([one]) });
    this.#calls.set(callId, call);
    if (fn.kind === "response") this.#warnOfStreaming();
    this.#tracking.run(call, () => this.#run(call, fn, payload, binding.bound));
  }

  answer(callId: number, failed: boolean, data: Buffer | undefined): void {
    this.#calls.get(callId)?.answer(failed, data);
  }

  cancel(callId: number, reason: string): void {
    const call = this.#calls.get(callId);
    if (call === undefined) return;
    this.#calls.delete(callId);
    call.cancel(reason);
  }

  #run(call: HookCall, fn: PluginFunction, payload: Buffer, bound: BoundConfig): void {
    try {
      const write = (entry: LogEntry): void => this.#listener.onLog(entry);
      const run = runFunction(fn, payload, { call, bound, write, definitions: this.#definitions });
      // A function that awaits nothing is answered at once.
      if (!isThenable(run.result)) return this.#finish(call, run, run.result);
      Promise.resolve(run.result).then(
        (result) => this.#finish(call, run, result),
        (thrown: unknown) => this.#fail(call, thrown),
      );
    } catch (thrown) {
      this.#fail(call, thrown);
    }
  }

  #finish(call: HookCall, run: Run, result: unknown): void {
    if (!this.#calls.has(call.id)) return;
    let reply: Buffer;
    try {
      reply = run.reply(result);
    } catch (thrown) {
      return this.#fail(call, thrown);
    }
    this.#calls.delete(call.id);
    call.end();
    this.#listener.onDone(call.id, reply, call.handlerTime);
  }

  #fail(call: HookCall, thrown: unknown): void {
    if (this.#calls.delete(call.id)) {
      call.end();
      this.#listener.onFailure(call.id, toErrorInfo(thrown), { thrown, handlerTime: call.handlerTime });
    } else if (!isOfCancellation(thrown)) this.#listener.onLog(lateFailure(call, thrown));
  }

  #refuse(callId: number, reason: Error): void {
    this.#listener.onFailure(callId, toErrorInfo(reason), { thrown: reason, reason: "configuration" });
  }

  #warnOfStreaming(): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#listener.onLog({ level: "info", message: STREAMING });
  }
}

function tooManyCalls(maxCalls: number): ErrorInfo {
  const message = `the plugin runs ${maxCalls} calls at once already: see -max-events`;
  return { name: "IsolateError", code: "ISOLATE_BUSY", message, stack: message };
}

/** What a function does that heeds its signal. */
const isOfCancellation = (thrown: unknown): boolean =>
  (isTykError(thrown) && (thrown.code === "TYK_CALL_CANCELLED" || thrown.code === "TYK_CALL_ENDED")) ||
  (thrown instanceof Error && thrown.name === "AbortError");

function lateFailure({ functionName, bindingId }: HookCall, thrown: unknown): LogEntry {
  const message = `the ${functionName} hook failed after its call had been cancelled`;
  return { level: "warn", message, functionName, bindingId, error: toErrorInfo(thrown) };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
