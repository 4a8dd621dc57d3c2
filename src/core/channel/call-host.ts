// The one interface behind which plugin code runs, whatever thread it is in.
import type { ErrorInfo } from "../model/index.js";
import type { FailureReason } from "../telemetry/index.js";
import type { PrefetchedAnswer } from "./prefetch.js";

/** What a call asks of its gateway, on its way there. Only the gateway's two halves can read it. */
export interface Ask {
  readonly data: Buffer;
  /** False where the call goes on without an answer: nobody waits for one. */
  readonly wantsAnswer: boolean;
  /** True where the call is over with it: the gateway never answers it. */
  readonly ends: boolean;
}

/** What is needed to bind a plugin to a configuration, or to bind it again in a fresh isolate. */
export interface BindingSpec {
  readonly id: number;
  /** The configuration as the gateway gave it: text that the gateway's two halves understand. */
  readonly config: string;
}

/** Which trace a call belongs to. */
export interface CallTrace {
  /** The `traceparent` of what the call itself calls, and behind a space the `tracestate`; undefined where that is not known. */
  readonly context: string | undefined;
}

/** What the server itself asks of the gateway, before anything of a call runs. */
export interface CallLead {
  readonly ask: Ask;
  /** Returns what the server wants to know besides, where the answer makes it worth asking. */
  answered(failed: boolean, data: Buffer | undefined): CallLead | undefined;
}

/** One run of a function of a plugin. */
export interface CallStart {
  readonly callId: number;
  readonly bindingId: number;
  /** What is to run, in the gateway's own words. */
  readonly functionName: string;
  /**
   * What it is to work on, where the gateway sends it along. The memory must be the call's own and stay as it is: it changes
   * hands where it is large, see memory.ts.
   */
  readonly payload?: Buffer | undefined;
  /** Where calls are traced. On the host it may be known only when the `lead` is answered. */
  readonly trace?: CallTrace | undefined;
  /** Asked first, together with what is prefetched. It stays on the host. */
  readonly lead?: CallLead | undefined;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

/** A line that plugin code, or the runtime on its behalf, wants logged. */
export interface LogEntry {
  readonly level: LogLevel;
  readonly message: string;
  readonly functionName?: string;
  readonly bindingId?: number;
  readonly error?: ErrorInfo;
}

/** Runs the calls of one plugin. Its methods never throw and never block; results come to the listener. */
export interface CallHost {
  bind(spec: BindingSpec): void;
  /** Calls that run finish. */
  unbind(bindingId: number): void;
  /** `prefetched`: the answers to what the call would ask first, where that was asked already. */
  start(call: CallStart, prefetched?: readonly PrefetchedAnswer[]): void;
  /** The gateway's answer to the oldest ask of the call that wants one; `data` undefined means nothing. */
  answer(callId: number, failed: boolean, data: Buffer | undefined): void;
  /**
   * Gives the call up: its pending asks reject with `reason`, nothing of it is heard again. `isOverdue`: for its handler, which
   * took longer than it may.
   */
  cancel(callId: number, reason: string, isOverdue?: boolean): void;
}

/** What is known of a failure beside the error. */
export interface FailureCircumstances {
  /** What the handler threw itself, where it runs in this thread. */
  readonly thrown?: unknown;
  /** Why the call failed, where not by what its handler threw. */
  readonly reason?: FailureReason | undefined;
  /** Milliseconds that the handler ran. */
  readonly handlerTime?: number | undefined;
}

/** What a host reports. Asks of one call come in the order in which the handler made them. */
export interface CallHostListener {
  /** `handlerTime`: milliseconds that the handler ran, where the last ask ends the call. */
  onAsks(callId: number, asks: readonly Ask[], handlerTime?: number): void;
  /** `result` is what the function made, where a gateway takes one. */
  onDone(callId: number, result?: Buffer, handlerTime?: number): void;
  onFailure(callId: number, error: ErrorInfo, circumstances?: FailureCircumstances): void;
  onBindingFailed(bindingId: number, error: ErrorInfo): void;
  onLog(entry: LogEntry): void;
  /** It is short of memory: bindings that nobody uses now may go. */
  onMemoryShort?(): void;
}
