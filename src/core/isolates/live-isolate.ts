// Owns one isolate under watch: the events that run in it, its signs of life, and how it is drained.
import type { AskedCall, InstanceSpec, LogEntry, PdkCall, PhaseHost, PhaseHostListener, Protocol } from "../channel/index.js";
import { type ErrorInfo, toErrorInfo } from "../model/index.js";
import type { Carrier } from "./transports/carrier.js";
import { Heartbeat } from "./heartbeat.js";
import { Isolate } from "./isolate.js";
import { MemoryWatch } from "./memory-watch.js";
import { Openings } from "./openings.js";
import { RunQueue } from "./run-queue.js";

/** As long as a timer can take, in milliseconds: 24 days. */
const FOREVER = 2 ** 31 - 1;
/** So many events in a row that run into their deadline, and no other ends: a fresh isolate may do better. */
const MAX_OVERDUE = 8;

/** An event that an isolate was sent and has certainly not begun. */
export interface UnreadEvent {
  readonly eventId: number;
  readonly instanceId: number;
  readonly phase: string;
  readonly protocol: Protocol;
}

interface SentEvent extends UnreadEvent {
  /** Its number among all that the isolate was sent, from 1. */
  readonly order: number;
}

export interface LiveIsolateOptions {
  readonly carrier: Carrier;
  readonly stallTimeout: number;
  readonly loadTimeout: number;
  /** Gets what the isolate reports of events and instances. */
  readonly listener: PhaseHostListener;
  /** It may have work of its own at any time, so it is always watched. */
  readonly hasOwnSocket: boolean;
  /** Its module is loaded, and its own socket listens. */
  readonly onReady: () => void;
  /** It may stand at a breakpoint: nothing that it does not do in time is held against it. */
  readonly isInspected: boolean;
  /** Bytes that it may use. */
  readonly memoryCap: number;
  /** It holds this many bytes, which is near its cap. */
  readonly onHeavy: (memory: number) => void;
  /** Milliseconds that it may take to end when it is told to. */
  readonly endTimeout: number;
  /** It died, or gave no sign of life: with the events it leaves behind. */
  readonly onDeath: (error: Error, begun: readonly number[], unread: readonly UnreadEvent[]) => void;
}

export class LiveIsolate implements PhaseHost {
  readonly #options: LiveIsolateOptions;
  readonly #isolate: Isolate;
  readonly #heartbeat: Heartbeat;
  readonly #memory: MemoryWatch;
  readonly #events = new Map<number, SentEvent>();
  /** Sent behind a ping, or the module's load, that is unanswered yet. */
  readonly #unread = new Set<number>();
  readonly #openings = new Openings();
  /** Tells how long its thread had no processor. */
  #runQueue: RunQueue | undefined;
  #sent = 0;
  /** Events given up for their deadline since the last that ended otherwise. */
  #overdue = 0;
  /** Why it is being ended, where it gave no sign of life, or works no more. */
  #stall: Error | undefined;
  #state: "loading" | "serving" | "draining" | "dead" = "loading";
  #productive = false;

  constructor(options: LiveIsolateOptions) {
    this.#options = options;
    const { isInspected } = options;
    this.#heartbeat = new Heartbeat({
      stallTimeout: isInspected ? FOREVER : options.stallTimeout,
      loadTimeout: isInspected ? FOREVER : options.loadTimeout,
      ping: () => this.#isolate.ping(),
      waited: () => this.#runQueue?.waited() ?? 0,
      onStall: (silence) => this.#stalled(silence),
    });
    this.#memory = new MemoryWatch({
      cap: isInspected ? Infinity : options.memoryCap,
      weigh: () => {
        // A collection stops it, on a busy machine for longer than it may be silent.
        this.#heartbeat.excuse();
        this.#isolate.weigh();
      },
      onHeavy: (memory) => options.onHeavy(memory),
    });
    this.#isolate = new Isolate(options.carrier, {
      onCalls: (eventId: number, calls: readonly PdkCall[]) => {
        if (!this.#events.has(eventId)) return;
        if (calls.at(-1)?.ends === true) this.#over(eventId);
        options.listener.onCalls(eventId, calls);
      },
      onReturn: (eventId: number) => {
        if (!this.#over(eventId)) return;
        this.#productive = true;
        options.listener.onReturn(eventId);
      },
      onFailure: (eventId: number, error: ErrorInfo) => {
        if (this.#over(eventId)) options.listener.onFailure(eventId, error);
      },
      onInstanceFailed: (instanceId: number, error: ErrorInfo) => options.listener.onInstanceFailed(instanceId, error),
      onProductive: () => {
        this.#productive = true;
      },
      onOpening: (...opening) => this.#openings.set(...opening),
      onLog: (entry: LogEntry) => options.listener.onLog(entry),
      onThread: (thread: string) => {
        // Told before plugin code runs: what comes later is not from us.
        this.#runQueue ??= new RunQueue(thread);
      },
      onReady: () => {
        if (this.#state === "loading") this.#state = "serving";
        this.#heard();
        if (options.hasOwnSocket) this.#heartbeat.watch();
        options.onReady();
      },
      onPong: (memory: number, broken: string | undefined) => {
        if (broken !== undefined)
          return this.#giveUp(new Error(`its runtime works no more, by what plugin code changed: ${broken}`));
        this.#heard();
        this.#memory.used(memory);
      },
      onWeighed: (memory: number) => {
        this.#heartbeat.demand();
        this.#memory.weighed(memory);
      },
      onEnd: (error: Error | undefined) => this.#ended(error),
    });
  }

  /** Whether any event has returned in it. */
  get productive(): boolean {
    return this.#productive;
  }

  get isLoading(): boolean {
    return this.#state === "loading";
  }

  get eventCount(): number {
    return this.#events.size;
  }

  startInstance(spec: InstanceSpec): void {
    this.#openings.add(spec.id);
    this.#isolate.startInstance(spec);
  }

  closeInstance(instanceId: number): void {
    this.#openings.delete(instanceId);
    this.#isolate.closeInstance(instanceId);
  }

  /** With which calls such an event begins, where that is known. */
  openingOf(instanceId: number, phase: string, protocol: Protocol): readonly PdkCall[] | undefined {
    return this.#openings.get(instanceId, phase, protocol);
  }

  startEvent(eventId: number, instanceId: number, phase: string, protocol: Protocol, asked?: readonly AskedCall[]): void {
    this.#sent += 1;
    this.#events.set(eventId, { eventId, instanceId, phase, protocol, order: this.#sent });
    if (this.#heartbeat.isWaiting || this.#stall !== undefined) this.#unread.add(eventId);
    this.#isolate.startEvent(eventId, instanceId, phase, protocol, asked);
    this.#heartbeat.watch();
  }

  step(eventId: number, failed: boolean, data: Buffer | undefined): void {
    this.#isolate.step(eventId, failed, data);
  }

  /** Gives an event up, and finds out whether the isolate is still there at all. */
  cancelEvent(eventId: number, reason: string, isOverdue: boolean): void {
    this.#isolate.cancelEvent(eventId, reason);
    const overdue = this.#overdue + (isOverdue && !this.#heartbeat.wasStarved() ? 1 : 0);
    this.#over(eventId);
    this.#overdue = overdue;
    if (this.#options.isInspected) return;
    if (overdue >= MAX_OVERDUE) this.#giveUp(new Error(`its last ${overdue} events all ran into their deadline`));
    else this.#heartbeat.probe();
  }

  /** Takes no new events; ends when those that run have. */
  drain(): void {
    if (this.#state === "draining" || this.#state === "dead") return;
    this.#state = "draining";
    this.#endWhenDrained();
  }

  /** One that serves a socket gets requests over its connections until the end, and is watched as long. */
  async stop(): Promise<void> {
    if (this.#options.hasOwnSocket && this.#state !== "dead") this.#state = "draining";
    else this.#die();
    // Nothing else ends one whose plugin never comes to an end of cleaning up.
    const overdue = setTimeout(() => {
      this.#isolate.terminate().catch(this.#onEndFailed);
    }, this.#options.endTimeout).unref();
    await this.#isolate.stop();
    clearTimeout(overdue);
    this.#die();
  }

  async terminate(): Promise<void> {
    this.#die();
    await this.#isolate.terminate();
  }

  #heard(): void {
    this.#unread.clear();
    this.#heartbeat.heard();
    if (this.#events.size === 0) this.#rest();
  }

  #rest(): void {
    if (!this.#options.hasOwnSocket) this.#heartbeat.rest();
  }

  /** False where it is none of its events: plugin code may say so of another's. */
  #over(eventId: number): boolean {
    if (!this.#events.delete(eventId)) return false;
    this.#overdue = 0;
    this.#unread.delete(eventId);
    if (this.#events.size > 0) return true;
    this.#rest();
    if (this.#state === "draining") this.#endWhenDrained();
    return true;
  }

  #endWhenDrained(): void {
    if (this.#events.size === 0) this.stop().catch(this.#onEndFailed);
  }

  readonly #onEndFailed = (error: unknown): void =>
    this.#options.listener.onLog({ level: "error", message: "its isolate could not be ended", error: toErrorInfo(error) });

  #stalled(silence: number): void {
    const seconds = (silence / 1000).toFixed(1);
    this.#giveUp(new Error(`it gave no sign of life for ${seconds} s: an endless loop, or work that blocks its thread`));
  }

  /** It is of no use any more: it is ended where it stands. */
  #giveUp(reason: Error): void {
    if (this.#state === "dead" || this.#stall !== undefined) return;
    this.#stall = reason;
    this.#heartbeat.stop();
    // With a gate its events are sure at once; without one, when it is gone and all that it sent has been read.
    if (this.#options.carrier.gate !== undefined) this.#report(this.#stall);
    this.#isolate.terminate().catch(this.#onEndFailed);
  }

  #ended(error: Error | undefined): void {
    const reason = this.#stall ?? error;
    if (this.#state !== "dead" && reason !== undefined) this.#report(reason);
  }

  #report(error: Error): void {
    const isUnread = this.#unreadTest();
    const events = [...this.#events.values()];
    const unread = events.filter(isUnread);
    const begun = events.filter((event) => !isUnread(event)).map(({ eventId }) => eventId);
    this.#die();
    this.#options.onDeath(error, begun, unread);
  }

  /** Tells which events have certainly not begun, and now never will in this isolate. */
  #unreadTest(): (event: SentEvent) => boolean {
    const hasBegun = this.#options.carrier.gate?.shut();
    if (hasBegun !== undefined) return ({ order }) => !hasBegun(order);
    // A process that ends by itself may have begun what it had no time to tell of.
    const isSure = this.#stall !== undefined || this.#state === "loading";
    return ({ eventId }) => isSure && this.#unread.has(eventId);
  }

  #die(): void {
    this.#state = "dead";
    this.#heartbeat.stop();
    this.#events.clear();
    this.#unread.clear();
  }
}
