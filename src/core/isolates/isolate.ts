// Owns one isolate of one plugin, from its start to its end: what it is sent and says, its signs of life, and how it is drained.
import {
  type Ask,
  asIsolateMessage,
  BatchingPort,
  type BindingSpec,
  type CallHost,
  type CallStart,
  type Diagnosis,
  type FailureCircumstances,
  type HostMessage,
  isBatch,
  type IsolateMessage,
  type PrefetchedAnswer,
  receiveReports,
  type ReportReceiver,
  writeAnswer,
  writeCancel,
  writeStart,
} from "../channel/index.js";
import { type ErrorInfo, toErrorInfo, messageOf } from "../model/index.js";
import { type DeathReason, PluginCounters, systemTime } from "../telemetry/index.js";
import { type IsolateOptions, tellForeign } from "./isolate-options.js";
import { KnownPrefetches } from "./known-prefetches.js";
import { isOutOfMemory } from "./transports/transport.js";
import { SentCalls } from "./sent-calls.js";
import { VitalSigns } from "./health/vital-signs.js";

/** So many calls in a row that run into their deadline, and no other ends: a fresh isolate may do better. */
const MAX_OVERDUE = 8;

export class Isolate implements CallHost, ReportReceiver {
  readonly #options: IsolateOptions;
  readonly #port: BatchingPort<HostMessage>;
  readonly #signs: VitalSigns;
  readonly #calls: SentCalls;
  readonly #prefetches = new KnownPrefetches();
  readonly #ended: Promise<void>;
  /** Calls given up for their deadline since the last that ended otherwise. */
  #overdue = 0;
  /** Why it is being ended, where it gave no sign of life, or works no more. */
  #stall: Error | undefined;
  #deathReason: DeathReason | undefined;
  #state: "loading" | "serving" | "draining" | "dead" = "loading";
  #isStopping = false;
  #productive = false;
  readonly #foreign: (reason: string) => void;

  constructor(options: IsolateOptions) {
    this.#options = options;
    const { transport, isInspected, hasOwnSocket, limits, owner } = options;
    this.#calls = new SentCalls(transport.gate);
    this.#foreign = tellForeign(options.listener);
    this.#signs = new VitalSigns({
      limits,
      isInspected,
      isAlwaysBusy: hasOwnSocket,
      send: (message) => this.#port.control(message),
      onStall: (silence) => this.#stalled(silence),
      onHeavy: (memory) => owner.isolateHeavy(this, memory),
    });
    this.#port = new BatchingPort<HostMessage>(transport.port);
    const ask = (): void => this.#port.control({ kind: "sample", sentAt: systemTime() });
    options.telemetry.observe({ countRunning: () => this.#calls.size, ask });
    transport.port.onMessage((message) => this.#onMessage(message));
    this.#ended = transport.ended.then((error) => this.#onEnd(error));
  }

  get productive(): boolean {
    return this.#productive;
  }

  get isLoading(): boolean {
    return this.#state === "loading";
  }

  get callCount(): number {
    return this.#calls.size;
  }

  has(callId: number): boolean {
    return this.#calls.has(callId);
  }

  bind(spec: BindingSpec): void {
    this.#prefetches.add(spec.id);
    this.#port.control({ kind: "bind", spec });
  }

  unbind(bindingId: number): void {
    this.#prefetches.delete(bindingId);
    this.#port.control({ kind: "unbind", bindingId });
  }

  /** With which asks such a call begins, where that is known. */
  prefetchOf({ bindingId, functionName }: CallStart): readonly Ask[] | undefined {
    return this.#prefetches.get(bindingId, functionName);
  }

  start(call: CallStart, prefetched?: readonly PrefetchedAnswer[]): void {
    this.#calls.add(call, this.#signs.isWaiting || this.#stall !== undefined);
    writeStart(this.#port.batch(), call, prefetched);
    this.#signs.busy();
  }

  answer(callId: number, failed: boolean, data: Buffer | undefined): void {
    writeAnswer(this.#port.batch(), callId, failed, data);
  }

  diagnose(diagnosis: Diagnosis): Promise<void> {
    return this.#signs.diagnoses.run(diagnosis);
  }

  /** Gives a call up, and finds out whether the isolate is still there at all. */
  cancel(callId: number, reason: string, isOverdue: boolean): void {
    writeCancel(this.#port.batch(), callId, reason);
    const overdue = this.#overdue + (isOverdue && !this.#signs.wasStarved ? 1 : 0);
    this.#over(callId);
    this.#overdue = overdue;
    if (overdue < MAX_OVERDUE || this.#options.isInspected) this.#signs.probe();
    else this.#giveUp("overdue", new Error(`its last ${overdue} events all ran into their deadline`));
  }

  /** Takes no new calls; ends when those that run have. */
  drain(): void {
    if (this.#state === "draining" || this.#state === "dead") return;
    this.#state = "draining";
    this.#options.telemetry.enter("draining");
    this.#endWhenDrained();
  }

  /** Lets it end by itself. One that serves a socket gets requests over its connections until the end, and is watched as long. */
  async stop(): Promise<void> {
    if (this.#options.hasOwnSocket && this.#state !== "dead") this.#state = "draining";
    else this.#die();
    this.#options.telemetry.enter("draining");
    if (!this.#isStopping) this.#port.control({ kind: "stop" });
    this.#isStopping = true;
    // Nothing else ends one whose plugin never comes to an end of cleaning up.
    const overdue = setTimeout(() => void this.#terminate().catch(this.#onEndFailed), this.#options.limits.endTimeout).unref();
    await this.#ended;
    clearTimeout(overdue);
    this.#die();
  }

  /** Ends it where it stands. */
  async terminate(): Promise<void> {
    this.#die();
    await this.#terminate();
  }

  async #terminate(): Promise<void> {
    this.#isStopping = true;
    await this.#options.transport.terminate();
    await this.#ended;
  }

  onAsks(callId: number, asks: readonly Ask[], handlerTime?: number): void {
    if (!this.#calls.has(callId)) return;
    if (asks.at(-1)?.ends === true) this.#over(callId);
    this.#options.listener.onAsks(callId, asks, handlerTime);
  }

  onDone(callId: number, result?: Buffer, handlerTime?: number): void {
    if (!this.#over(callId)) return;
    this.#productive = true;
    this.#options.listener.onDone(callId, result, handlerTime);
  }

  onFailure(callId: number, error: ErrorInfo, circumstances?: FailureCircumstances): void {
    if (this.#over(callId)) this.#options.listener.onFailure(callId, error, circumstances);
  }

  /** Plugin code can get at the other end: whatever comes, it is a fault of that isolate and nobody else's. */
  #onMessage(received: unknown): void {
    try {
      if (isBatch(received)) return receiveReports(received, this);
      const message = asIsolateMessage(received);
      if (message !== undefined) return this.#take(message);
      this.#foreign("it is no message of an isolate");
    } catch (error) {
      this.#foreign(messageOf(error));
    }
  }

  #take(message: IsolateMessage): void {
    const { owner, listener, telemetry } = this.#options;
    switch (message.kind) {
      case "thread":
        telemetry.runsIn(message.thread);
        return this.#signs.runsIn(message.thread);
      case "ready":
        return this.#onReady();
      case "pong":
        telemetry.said(message.vitals);
        return this.#onPong(message.memory, message.broken);
      case "sampled":
        telemetry.said(message.vitals);
        return telemetry.sampled(message.server);
      case "counting":
        return telemetry.counts(message.id, PluginCounters.from(message.functions, message.memory));
      case "counted":
        return telemetry.counted(message.id);
      case "traced":
        return telemetry.traced(message);
      case "weighed":
        return this.#signs.weighed(message.memory);
      case "diagnosed":
        return this.#signs.diagnoses.settle(message);
      case "productive":
        this.#productive = true;
        return;
      case "binding-failed":
        return owner.bindingFailed(this, message.bindingId, message.error);
      case "prefetch":
        return this.#prefetches.set(message);
      case "log":
        return listener.onLog(message.entry);
    }
  }

  #onReady(): void {
    if (this.#state === "loading") this.#state = "serving";
    this.#options.telemetry.enter("serving");
    this.#signs.ready();
    this.#heard();
    this.#options.owner.isolateReady(this);
  }

  #onPong(memory: number, broken: string | undefined): void {
    if (broken !== undefined)
      return this.#giveUp("broken", new Error(`its runtime works no more, by what plugin code changed: ${broken}`));
    this.#signs.pong(memory);
    this.#heard();
  }

  #heard(): void {
    this.#calls.read();
    if (this.#calls.size === 0) this.#signs.idle();
  }

  /** False where it is none of its calls: plugin code may say so of another's. */
  #over(callId: number): boolean {
    if (!this.#calls.delete(callId)) return false;
    this.#overdue = 0;
    if (this.#calls.size > 0) return true;
    this.#signs.idle();
    if (this.#state === "draining") this.#endWhenDrained();
    return true;
  }

  #endWhenDrained(): void {
    if (this.#calls.size === 0) this.stop().catch(this.#onEndFailed);
  }

  readonly #onEndFailed = (error: unknown): void =>
    this.#options.listener.onLog({ level: "error", message: "its isolate could not be ended", error: toErrorInfo(error) });

  #stalled(silence: number): void {
    const seconds = (silence / 1000).toFixed(1);
    this.#giveUp(
      "stalled",
      new Error(`it gave no sign of life for ${seconds} s: an endless loop, or work that blocks its thread`),
    );
  }

  /** It is of no use any more: it is ended where it stands. */
  #giveUp(kind: DeathReason, reason: Error): void {
    if (this.#state === "dead" || this.#stall !== undefined) return;
    this.#deathReason = kind;
    this.#stall = reason;
    this.#signs.stop();
    // With a gate its calls are sure at once; without one, when it is gone and all that it sent has been read.
    if (this.#options.transport.gate !== undefined) this.#report(reason);
    this.#terminate().catch(this.#onEndFailed);
  }

  #onEnd(error: Error | undefined): void {
    this.#port.close();
    this.#options.telemetry.gone();
    this.#signs.diagnoses.end();
    const reason = this.#stall ?? (this.#isStopping ? undefined : (error ?? new Error("it ended by itself")));
    if (this.#state !== "dead" && reason !== undefined) this.#report(reason);
  }

  #report(error: Error): void {
    // A process that ends by itself may have begun what it had no time to tell of.
    this.#options.telemetry.died(this.#deathReason ?? (isOutOfMemory(error) ? "memory" : "ended"), error.message);
    const { begun, unread } = this.#calls.divide(this.#stall !== undefined || this.#state === "loading");
    this.#die();
    this.#options.owner.isolateDied(this, error, begun, unread);
  }

  #die(): void {
    this.#state = "dead";
    this.#signs.stop();
    this.#calls.clear();
  }
}
