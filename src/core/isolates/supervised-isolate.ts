// Owns the place of one isolate in a pool: starts it when it is needed, replaces it when it is worn out or its code has
// changed, and brings it back, with its bindings, when it died.
import type {
  BindingSpec,
  CallHost,
  CallHostListener,
  CallStart,
  Diagnosis,
  InspectorAddress,
  ModuleArtifact,
  PrefetchedAnswer,
} from "../channel/index.js";
import { type ErrorInfo, toErrorInfo } from "../model/index.js";
import type { PluginTelemetry } from "../telemetry/index.js";
import { Backoff, startsAgain } from "./backoff.js";
import { causeOfDeath, deathEntry } from "./health/death.js";
import { Isolate } from "./isolate.js";
import type { IsolateLimits, IsolateOwner, LivingIsolate, OwnSocketPlace } from "./isolate-options.js";
import { PrefetchPlayer } from "./prefetch-player.js";
import type { StartTransport } from "./transports/transport.js";

export interface SupervisedIsolateOptions {
  readonly plugin: string;
  readonly gatewayWorker: string;
  readonly startTransport: StartTransport;
  readonly limits: IsolateLimits;
  readonly listener: CallHostListener;
  readonly telemetry: PluginTelemetry;
  /** Its place in the pool. */
  readonly slot: number;
  /** Whether its plugin cleans up when it is told to stop. */
  readonly disposes: boolean;
  /** Has it serve a socket of its own: it is there from the start, whether it has bindings or not. */
  readonly ownSocket: OwnSocketPlace | undefined;
  /** Where a debugger reaches it: it is there from the start, whether it has bindings or not, and no limit of time holds. */
  readonly inspect: InspectorAddress | undefined;
}

export class SupervisedIsolate implements CallHost, IsolateOwner {
  readonly #options: SupervisedIsolateOptions;
  readonly #bindings = new Map<number, BindingSpec>();
  readonly #backoff = new Backoff();
  readonly #prefetches: PrefetchPlayer;
  readonly #live = new Set<Isolate>();
  /** They serve their socket until the current isolate does. */
  readonly #leaving = new Set<Isolate>();
  #artifact: ModuleArtifact;
  #current: Isolate | undefined;
  #restart: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;
  #lastDeath: ErrorInfo | undefined;
  #isClosed = false;
  /** Whether a fresh isolate is to follow the current one when that listens. */
  #renewsWhenReady = false;
  /** Told once there is no instance and no isolate any more, where no instance comes after those there are. */
  #onUnused: (() => void) | undefined;

  constructor(artifact: ModuleArtifact, options: SupervisedIsolateOptions) {
    this.#artifact = artifact;
    this.#options = options;
    this.#prefetches = new PrefetchPlayer({
      onAsks: (callId, asks) => options.listener.onAsks(callId, asks),
      onAnswered: (call, answers) => this.#begin(call, answers),
    });
    options.ownSocket?.unserved?.();
    this.#startAgain();
  }

  /** Whether an isolate has to be there. */
  get #isWanted(): boolean {
    if (this.#isClosed) return false;
    const { inspect, ownSocket } = this.#options;
    const isPinned = inspect !== undefined || ownSocket !== undefined;
    return this.#bindings.size > 0 || (isPinned && this.#onUnused === undefined);
  }

  get bindingCount(): number {
    return this.#bindings.size;
  }

  bind(spec: BindingSpec): void {
    this.#bindings.set(spec.id, spec);
    clearTimeout(this.#idle);
    // A fresh isolate gets every binding there is, this one included.
    if (this.#current !== undefined) this.#current.bind(spec);
    else if (this.#backoff.remaining() === 0) this.#start();
  }

  unbind(bindingId: number): void {
    // Calls that have been started finish.
    this.#prefetches.whenDone(bindingId, () => this.#unbind(bindingId));
  }

  #unbind(bindingId: number): void {
    this.#bindings.delete(bindingId);
    this.#current?.unbind(bindingId);
    if (this.#bindings.size > 0) return;
    clearTimeout(this.#idle);
    if (this.#onUnused !== undefined) this.#leave();
    else if (!this.#isWanted) this.#idle = setTimeout(() => this.#drain(), this.#options.limits.idleTimeout).unref();
  }

  start(call: CallStart): void {
    const prefetch = this.#current?.prefetchOf(call);
    if (prefetch === undefined && call.lead === undefined) this.#begin(call);
    else this.#prefetches.play(call, prefetch);
  }

  #begin(call: CallStart, prefetched?: readonly PrefetchedAnswer[]): void {
    const { plugin, limits, listener } = this.#options;
    const wait = this.#current === undefined ? this.#backoff.remaining() : 0;
    if (wait > 0) return listener.onFailure(call.callId, this.#keepsDying(wait), { reason: "isolate_died" });
    const isolate = this.#current ?? this.#start();
    if (isolate.callCount >= limits.maxCalls) {
      const message = `plugin ${plugin} runs ${limits.maxCalls} events at once already: see -max-events`;
      const error = { name: "IsolateError", code: "ISOLATE_BUSY", message, stack: message };
      return listener.onFailure(call.callId, error, { reason: "overloaded" });
    }
    isolate.start(call, prefetched);
  }

  answer(callId: number, failed: boolean, data: Buffer | undefined): void {
    if (!this.#prefetches.answer(callId, failed, data)) this.#isolateOf(callId)?.answer(callId, failed, data);
  }

  cancel(callId: number, reason: string, isOverdue = false): void {
    if (!this.#prefetches.cancel(callId)) this.#isolateOf(callId)?.cancel(callId, reason, isOverdue);
  }

  /** Which isolate runs a call: after a replacement there are two for a while. */
  #isolateOf(callId: number): Isolate | undefined {
    if (this.#current?.has(callId) === true) return this.#current;
    for (const isolate of this.#live) if (isolate.has(callId)) return isolate;
    return undefined;
  }

  /** Undefined where no isolate runs. */
  diagnose(diagnosis: Diagnosis): Promise<void> | undefined {
    return this.#current?.diagnose(diagnosis);
  }

  /** It is there for the instances that it has, and for those that come until it has none. Resolves when the last one was closed and its isolate has ended. */
  retire(): Promise<void> {
    return new Promise((resolve) => {
      this.#onUnused = resolve;
      this.#leave();
    });
  }

  /** New events go to an isolate that runs this code; running ones finish where they are. */
  replace(artifact: ModuleArtifact, bindings: readonly BindingSpec[] = []): void {
    this.#artifact = artifact;
    for (const spec of bindings) if (this.#bindings.has(spec.id)) this.#bindings.set(spec.id, spec);
    this.#renewCurrent();
  }

  /** Ends every isolate; with `now`, without waiting for the handlers that run. */
  async close(now: boolean): Promise<void> {
    clearTimeout(this.#restart);
    clearTimeout(this.#idle);
    this.#isClosed = true;
    this.#current = undefined;
    await Promise.all([...this.#live].map((isolate) => this.#end(isolate, now)));
    this.#options.ownSocket?.left?.();
  }

  /** The events of its own socket are known to the isolate alone, as is what its plugin has to clean up: it gets the time for both. */
  async #end(isolate: Isolate, now: boolean): Promise<void> {
    if (!now) return isolate.stop();
    if (this.#options.ownSocket !== undefined || this.#options.disposes) await isolate.stop();
    await isolate.terminate();
  }

  #start(): Isolate {
    this.#renewsWhenReady = false;
    clearTimeout(this.#restart);
    const { plugin, gatewayWorker, startTransport, limits, listener, inspect } = this.#options;
    // Another generation has the socket now.
    const ownSocket = this.#onUnused === undefined ? this.#options.ownSocket : undefined;
    const task = {
      plugin,
      artifact: this.#artifact,
      gatewayWorker,
      maxBodySize: limits.maxBodySize,
      disposeTimeout: limits.disposeTimeout,
      ...(inspect === undefined ? {} : { inspect }),
      ...(ownSocket === undefined ? {} : { ownSocket: ownSocket.next() }),
    };
    const transport = startTransport(task, { memory: limits.memory, env: limits.env });
    const isolate = new Isolate({
      transport,
      owner: this,
      listener,
      limits,
      telemetry: this.#options.telemetry.isolateStarted({
        slot: this.#options.slot,
        // A process has no memory in common with its host.
        kind: transport.gate === undefined ? "process" : "thread",
        limit: limits.memory,
      }),
      isInspected: inspect !== undefined,
      hasOwnSocket: ownSocket !== undefined,
    });
    transport.ended
      .then(() => {
        this.#live.delete(isolate);
        this.#leaving.delete(isolate);
        this.#leave();
      })
      .catch((error: unknown) => listener.onLog({ level: "error", message: "its end failed", error: toErrorInfo(error) }));
    this.#live.add(isolate);
    this.#current = isolate;
    for (const spec of this.#bindings.values()) isolate.bind(spec);
    return isolate;
  }

  bindingFailed(isolate: LivingIsolate, bindingId: number, error: ErrorInfo): void {
    // What failed with the former code may run with this.
    if (isolate === this.#current && this.#bindings.has(bindingId)) this.#options.listener.onBindingFailed(bindingId, error);
  }

  #drain(): void {
    this.#current?.drain();
    this.#current = undefined;
  }

  #leave(): void {
    if (this.#onUnused === undefined || this.#bindings.size > 0) return;
    clearTimeout(this.#restart);
    clearTimeout(this.#idle);
    this.#drain();
    if (this.#live.size > 0) return;
    this.#options.ownSocket?.left?.();
    this.#onUnused();
  }

  isolateHeavy(isolate: LivingIsolate, memory: number): void {
    if (isolate !== this.#current) return;
    const [used, limit] = [memory, this.#options.limits.memory].map((bytes) => Math.round(bytes / 2 ** 20));
    this.#options.listener.onMemoryShort?.();
    this.#options.telemetry.isolateRecycled();
    this.#options.listener.onLog({
      level: "warn",
      message: `the isolate uses ${used} of ${limit} MB: a fresh one takes over, and this one ends when its events have`,
    });
    this.#renewCurrent();
  }

  /** A fresh isolate takes over; one that serves a socket goes on until its successor listens there. */
  #renewCurrent(): void {
    // It would take the path over from its successor, and take it away when it ends.
    this.#renewsWhenReady = this.#options.ownSocket !== undefined && this.#current?.isLoading === true;
    if (this.#renewsWhenReady) return;
    if (this.#options.ownSocket === undefined) this.#drain();
    else if (this.#current !== undefined) this.#leaving.add(this.#current);
    this.#current = undefined;
    this.#startAgain();
  }

  isolateReady(isolate: LivingIsolate): void {
    if (isolate !== this.#current) return;
    this.#options.ownSocket?.served?.();
    for (const former of this.#leaving) former.drain();
    this.#leaving.clear();
    if (this.#renewsWhenReady) this.#renewCurrent();
  }

  isolateDied(isolate: LivingIsolate, error: Error, begun: readonly CallStart[], unread: readonly CallStart[]): void {
    const { plugin, listener } = this.#options;
    const isReplaced = this.#current !== undefined && isolate !== this.#current;
    if (isolate === this.#current) this.#current = undefined;
    const delay = isReplaced || this.#isClosed ? 0 : this.#backoff.died(isolate.productive);
    const why = causeOfDeath(error, this.#options.limits.memory);
    const info = { ...toErrorInfo(error), message: `the isolate of plugin ${plugin} ended: ${why}` };
    this.#lastDeath = info;
    const next = this.#isClosed ? "it was about to end" : isReplaced ? "its successor is there" : startsAgain(delay);
    listener.onLog(deathEntry(plugin, { why, next, begun, info }));
    for (const { callId } of begun) listener.onFailure(callId, info, { reason: "isolate_died" });
    if (this.#current === undefined && this.#isWanted) {
      this.#options.ownSocket?.unserved?.();
      this.#startAfter(delay);
    }
    for (const call of unread) this.#begin(call);
  }

  #startAfter(delay: number): void {
    if (delay === 0) this.#start();
    else this.#restart = setTimeout(() => this.#startAgain(), delay).unref();
  }

  #startAgain(): void {
    if (this.#current === undefined && this.#isWanted) this.#start();
  }

  #keepsDying(wait: number): ErrorInfo {
    const message = `the isolate of plugin ${this.#options.plugin} keeps ending and starts again in ${Math.ceil(wait / 1000)} s; last: ${this.#lastDeath?.message ?? "?"}`;
    return { name: "IsolateError", code: "ISOLATE_BACKING_OFF", message, stack: message };
  }
}
