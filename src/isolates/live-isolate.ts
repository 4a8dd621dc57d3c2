// Owns one isolate under watch: the events that run in it, its signs of life, and how it is drained.
import {
  type ErrorInfo,
  type InstanceSpec,
  type LogEntry,
  type PdkCall,
  type PhaseHost,
  type PhaseHostListener,
  type Protocol,
} from "../channel/index.js";
import type { Carrier } from "./carrier.js";
import { Heartbeat } from "./heartbeat.js";
import { Isolate } from "./isolate.js";
import { MemoryWatch } from "./memory-watch.js";

/** As long as a timer can take, in milliseconds: 24 days. */
const FOREVER = 2 ** 31 - 1;

/** An event that an isolate was sent and has certainly not begun. */
export interface UnreadEvent {
  readonly eventId: number;
  readonly instanceId: number;
  readonly phase: string;
  readonly protocol: Protocol;
}

export interface LiveIsolateOptions {
  readonly carrier: Carrier;
  readonly stallTimeout: number;
  readonly loadTimeout: number;
  /** Gets what the isolate reports of events and instances. */
  readonly listener: PhaseHostListener;
  /** It may stand at a breakpoint: nothing that it does not do in time is held against it. */
  readonly isInspected: boolean;
  /** Bytes that it may use. */
  readonly memoryCap: number;
  /** It holds this many bytes, which is near its cap. */
  readonly onHeavy: (memory: number) => void;
  /** It died, or gave no sign of life: with the events it leaves behind. */
  readonly onDeath: (error: Error, begun: readonly number[], unread: readonly UnreadEvent[]) => void;
}

export class LiveIsolate implements PhaseHost {
  readonly #options: LiveIsolateOptions;
  readonly #isolate: Isolate;
  readonly #heartbeat: Heartbeat;
  readonly #memory: MemoryWatch;
  readonly #events = new Set<number>();
  /** Sent behind a ping, or the module's load, that is unanswered yet. */
  readonly #unread = new Map<number, UnreadEvent>();
  #state: "serving" | "draining" | "dead" = "serving";
  #productive = false;

  constructor(options: LiveIsolateOptions) {
    this.#options = options;
    const { isInspected } = options;
    this.#heartbeat = new Heartbeat({
      stallTimeout: isInspected ? FOREVER : options.stallTimeout,
      loadTimeout: isInspected ? FOREVER : options.loadTimeout,
      ping: () => this.#isolate.ping(),
      onStall: (silence) => this.#stalled(silence),
    });
    this.#memory = new MemoryWatch({
      cap: isInspected ? Infinity : options.memoryCap,
      weigh: () => this.#isolate.weigh(),
      onHeavy: (memory) => options.onHeavy(memory),
    });
    this.#isolate = new Isolate(options.carrier, {
      onCalls: (eventId: number, calls: readonly PdkCall[]) => {
        if (calls.at(-1)?.ends === true) this.#over(eventId);
        options.listener.onCalls(eventId, calls);
      },
      onReturn: (eventId: number) => {
        this.#productive = true;
        this.#over(eventId);
        options.listener.onReturn(eventId);
      },
      onFailure: (eventId: number, error: ErrorInfo) => {
        this.#over(eventId);
        options.listener.onFailure(eventId, error);
      },
      onInstanceFailed: (instanceId: number, error: ErrorInfo) => options.listener.onInstanceFailed(instanceId, error),
      onLog: (entry: LogEntry) => options.listener.onLog(entry),
      onReady: () => this.#heard(),
      onPong: (memory: number) => {
        this.#heard();
        this.#memory.used(memory);
      },
      onWeighed: (memory: number) => this.#memory.weighed(memory),
      onEnd: (error: Error | undefined) => this.#ended(error),
    });
  }

  /** Whether any event has returned in it. */
  get productive(): boolean {
    return this.#productive;
  }

  get eventCount(): number {
    return this.#events.size;
  }

  startInstance(spec: InstanceSpec): void {
    this.#isolate.startInstance(spec);
  }

  closeInstance(instanceId: number): void {
    this.#isolate.closeInstance(instanceId);
  }

  startEvent(eventId: number, instanceId: number, phase: string, protocol: Protocol): void {
    this.#events.add(eventId);
    if (this.#heartbeat.isWaiting) this.#unread.set(eventId, { eventId, instanceId, phase, protocol });
    this.#isolate.startEvent(eventId, instanceId, phase, protocol);
    this.#heartbeat.watch();
  }

  step(eventId: number, failed: boolean, data: Buffer | undefined): void {
    this.#isolate.step(eventId, failed, data);
  }

  /** Gives an event up, and finds out whether the isolate is still there at all. */
  cancelEvent(eventId: number, reason: string): void {
    this.#isolate.cancelEvent(eventId, reason);
    this.#over(eventId);
    if (!this.#options.isInspected) this.#heartbeat.probe();
  }

  /** Takes no new events; ends when those that run have. */
  drain(): void {
    if (this.#state !== "serving") return;
    this.#state = "draining";
    this.#endWhenDrained();
  }

  async stop(): Promise<void> {
    this.#die();
    await this.#isolate.stop();
  }

  async terminate(): Promise<void> {
    this.#die();
    await this.#isolate.terminate();
  }

  #heard(): void {
    this.#unread.clear();
    this.#heartbeat.heard();
    if (this.#events.size === 0) this.#heartbeat.rest();
  }

  #over(eventId: number): void {
    this.#events.delete(eventId);
    this.#unread.delete(eventId);
    if (this.#events.size > 0) return;
    this.#heartbeat.rest();
    if (this.#state === "draining") this.#endWhenDrained();
  }

  #endWhenDrained(): void {
    if (this.#events.size === 0) void this.stop();
  }

  #stalled(silence: number): void {
    if (this.#state === "dead") return;
    this.#report(
      new Error(`it gave no sign of life for ${(silence / 1000).toFixed(1)} s: an endless loop, or work that blocks its thread`),
    );
    void this.#isolate.terminate();
  }

  #ended(error: Error | undefined): void {
    if (this.#state !== "dead" && error !== undefined) this.#report(error);
  }

  #report(error: Error): void {
    const unread = [...this.#unread.values()];
    const begun = [...this.#events].filter((eventId) => !this.#unread.has(eventId));
    this.#die();
    this.#options.onDeath(error, begun, unread);
  }

  #die(): void {
    this.#state = "dead";
    this.#heartbeat.stop();
    this.#events.clear();
    this.#unread.clear();
  }
}
