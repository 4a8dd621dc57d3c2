// Owns the place of one isolate in a pool: starts it when it is needed, replaces it when it is worn out or its code has
// changed, and brings it back, with its instances, when it died.
import type {
  AskedCall,
  InspectorAddress,
  InstanceSpec,
  ModuleArtifact,
  OwnSocket,
  PhaseHost,
  PhaseHostListener,
  Protocol,
} from "../channel/index.js";
import { type ErrorInfo, toErrorInfo } from "../model/index.js";
import { Backoff, startsAgain } from "./backoff.js";
import type { StartCarrier } from "./transports/carrier.js";
import type { IsolateLimits } from "./isolate-limits.js";
import { LiveIsolate, type UnreadEvent } from "./live-isolate.js";
import { OpeningPlayer } from "./opening-player.js";

export interface SupervisedIsolateOptions {
  readonly plugin: string;
  readonly gatewayWorker: string;
  readonly startCarrier: StartCarrier;
  readonly limits: IsolateLimits;
  readonly listener: PhaseHostListener;
  /** Whether its plugin cleans up when it is told to stop. */
  readonly disposes: boolean;
  /** Has it serve a socket of its own: it is there from the start, whether it has instances or not. */
  readonly ownSocket: (() => OwnSocket) | undefined;
  /** Where a debugger reaches it: it is there from the start, whether it has instances or not, and no limit of time holds. */
  readonly inspect: InspectorAddress | undefined;
}

export class SupervisedIsolate implements PhaseHost {
  readonly #options: SupervisedIsolateOptions;
  readonly #instances = new Map<number, InstanceSpec>();
  /** Which isolate runs an event: after a replacement there are two for a while. */
  readonly #events = new Map<number, LiveIsolate>();
  readonly #backoff = new Backoff();
  readonly #openings: OpeningPlayer;
  readonly #live = new Set<LiveIsolate>();
  /** They serve their socket until the current isolate does. */
  readonly #leaving = new Set<LiveIsolate>();
  #artifact: ModuleArtifact;
  #current: LiveIsolate | undefined;
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
    this.#openings = new OpeningPlayer((eventId, calls) => options.listener.onCalls(eventId, calls));
    this.#startAgain();
  }

  /** Whether an isolate has to be there. */
  get #isWanted(): boolean {
    if (this.#isClosed) return false;
    const { inspect, ownSocket } = this.#options;
    const isPinned = inspect !== undefined || ownSocket !== undefined;
    return this.#instances.size > 0 || (isPinned && this.#onUnused === undefined);
  }

  get instanceCount(): number {
    return this.#instances.size;
  }

  startInstance(spec: InstanceSpec): void {
    this.#instances.set(spec.id, spec);
    clearTimeout(this.#idle);
    // A fresh isolate gets every instance there is, this one included.
    if (this.#current !== undefined) this.#current.startInstance(spec);
    else if (this.#backoff.remaining() === 0) this.#start();
  }

  closeInstance(instanceId: number): void {
    // Events that have been started finish.
    this.#openings.whenDone(instanceId, () => this.#closeInstance(instanceId));
  }

  #closeInstance(instanceId: number): void {
    this.#instances.delete(instanceId);
    this.#current?.closeInstance(instanceId);
    if (this.#instances.size > 0) return;
    clearTimeout(this.#idle);
    if (this.#onUnused !== undefined) this.#leave();
    else if (!this.#isWanted) this.#idle = setTimeout(() => this.#drain(), this.#options.limits.idleTimeout).unref();
  }

  startEvent(eventId: number, instanceId: number, phase: string, protocol: Protocol): void {
    const opening = this.#current?.openingOf(instanceId, phase, protocol);
    if (opening === undefined) return this.#begin({ eventId, instanceId, phase, protocol });
    this.#openings.play(eventId, instanceId, opening, (asked) => this.#begin({ eventId, instanceId, phase, protocol }, asked));
  }

  #begin({ eventId, instanceId, phase, protocol }: UnreadEvent, asked?: readonly AskedCall[]): void {
    const { plugin, limits, listener } = this.#options;
    const wait = this.#current === undefined ? this.#backoff.remaining() : 0;
    if (wait > 0) return listener.onFailure(eventId, this.#keepsDying(wait));
    const isolate = this.#current ?? this.#start();
    if (isolate.eventCount >= limits.maxEvents) {
      const message = `plugin ${plugin} runs ${limits.maxEvents} events at once already: see -max-events`;
      return listener.onFailure(eventId, { name: "IsolateError", code: "ISOLATE_BUSY", message, stack: message });
    }
    this.#events.set(eventId, isolate);
    isolate.startEvent(eventId, instanceId, phase, protocol, asked);
  }

  step(eventId: number, failed: boolean, data: Buffer | undefined): void {
    if (!this.#openings.step(eventId, failed, data)) this.#events.get(eventId)?.step(eventId, failed, data);
  }

  cancelEvent(eventId: number, reason: string, isOverdue = false): void {
    if (this.#openings.cancel(eventId)) return;
    const isolate = this.#events.get(eventId);
    this.#events.delete(eventId);
    isolate?.cancelEvent(eventId, reason, isOverdue);
  }

  /** It is there for the instances that it has, and for those that come until it has none. Resolves when the last one was closed and its isolate has ended. */
  retire(): Promise<void> {
    return new Promise((resolve) => {
      this.#onUnused = resolve;
      this.#leave();
    });
  }

  /** New events go to an isolate that runs this code; running ones finish where they are. */
  replace(artifact: ModuleArtifact, instances: readonly InstanceSpec[] = []): void {
    this.#artifact = artifact;
    for (const spec of instances) if (this.#instances.has(spec.id)) this.#instances.set(spec.id, spec);
    this.#renewCurrent();
  }

  /** Ends every isolate; with `now`, without waiting for the handlers that run. */
  async close(now: boolean): Promise<void> {
    clearTimeout(this.#restart);
    clearTimeout(this.#idle);
    this.#isClosed = true;
    this.#current = undefined;
    await Promise.all([...this.#live].map((isolate) => this.#end(isolate, now)));
  }

  /** The events of its own socket are known to the isolate alone, as is what its plugin has to clean up: it gets the time for both. */
  async #end(isolate: LiveIsolate, now: boolean): Promise<void> {
    if (!now) return isolate.stop();
    if (this.#options.ownSocket !== undefined || this.#options.disposes) await isolate.stop();
    await isolate.terminate();
  }

  #start(): LiveIsolate {
    this.#renewsWhenReady = false;
    clearTimeout(this.#restart);
    const { plugin, gatewayWorker, startCarrier, limits, listener, inspect } = this.#options;
    // Another generation has the socket now.
    const ownSocket = this.#onUnused === undefined ? this.#options.ownSocket : undefined;
    const { maxBodySize } = limits;
    const task = {
      plugin,
      artifact: this.#artifact,
      gatewayWorker,
      maxBodySize,
      disposeTimeout: limits.disposeTimeout,
      ...(inspect === undefined ? {} : { inspect }),
      ...(ownSocket === undefined ? {} : { ownSocket: ownSocket() }),
    };
    const carrier = startCarrier(task, { memory: limits.memory, env: limits.env });
    const isolate: LiveIsolate = new LiveIsolate({
      carrier,
      stallTimeout: limits.stallTimeout,
      loadTimeout: limits.loadTimeout,
      isInspected: inspect !== undefined,
      hasOwnSocket: ownSocket !== undefined,
      onReady: () => this.#onReady(isolate),
      listener: this.#forgetting(listener, () => isolate === this.#current),
      memoryCap: limits.memory,
      endTimeout: limits.endTimeout,
      onHeavy: (memory) => this.#renew(isolate, memory),
      onDeath: (error, begun, unread) => this.#died(isolate, error, begun, unread),
    });
    carrier.ended
      .then(() => {
        this.#live.delete(isolate);
        this.#leaving.delete(isolate);
        this.#leave();
      })
      .catch((error: unknown) => listener.onLog({ level: "error", message: "its end failed", error: toErrorInfo(error) }));
    this.#live.add(isolate);
    this.#current = isolate;
    for (const spec of this.#instances.values()) isolate.startInstance(spec);
    return isolate;
  }

  /** Passes everything on, and keeps the table of running events. */
  #forgetting(listener: PhaseHostListener, isCurrent: () => boolean): PhaseHostListener {
    return {
      onCalls: (eventId, calls) => {
        if (calls.at(-1)?.ends === true) this.#events.delete(eventId);
        listener.onCalls(eventId, calls);
      },
      onReturn: (eventId) => {
        this.#events.delete(eventId);
        listener.onReturn(eventId);
      },
      onFailure: (eventId, error) => {
        this.#events.delete(eventId);
        listener.onFailure(eventId, error);
      },
      onInstanceFailed: (instanceId, error) => {
        // What failed with the former code may run with this.
        if (isCurrent() && this.#instances.has(instanceId)) listener.onInstanceFailed(instanceId, error);
      },
      onLog: (entry) => listener.onLog(entry),
    };
  }

  #drain(): void {
    this.#current?.drain();
    this.#current = undefined;
  }

  #leave(): void {
    if (this.#onUnused === undefined || this.#instances.size > 0) return;
    clearTimeout(this.#restart);
    clearTimeout(this.#idle);
    this.#drain();
    if (this.#live.size === 0) this.#onUnused();
  }

  #renew(isolate: LiveIsolate, memory: number): void {
    if (isolate !== this.#current) return;
    const [used, limit] = [memory, this.#options.limits.memory].map((bytes) => Math.round(bytes / 2 ** 20));
    this.#options.listener.onMemoryShort?.();
    this.#options.listener.onLog({
      level: "warn",
      message: `its isolate uses ${used} of ${limit} MB: a fresh one takes over, and this one ends when its events have`,
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

  #onReady(isolate: LiveIsolate): void {
    if (isolate !== this.#current) return;
    for (const former of this.#leaving) former.drain();
    this.#leaving.clear();
    if (this.#renewsWhenReady) this.#renewCurrent();
  }

  #died(isolate: LiveIsolate, error: Error, begun: readonly number[], unread: readonly UnreadEvent[]): void {
    const { plugin, listener } = this.#options;
    const isReplaced = this.#current !== undefined && isolate !== this.#current;
    if (isolate === this.#current) this.#current = undefined;
    const delay = isReplaced || this.#isClosed ? 0 : this.#backoff.died(isolate.productive);
    const info = { ...toErrorInfo(error), message: `the isolate of plugin ${plugin} ended: ${error.message}` };
    this.#lastDeath = info;
    const next = this.#isClosed ? "it was about to end" : isReplaced ? "its successor is there" : startsAgain(delay);
    listener.onLog({ level: "error", message: `its isolate ended with ${begun.length} events running; ${next}`, error: info });
    for (const eventId of begun) this.#fail(eventId, info);
    if (this.#current === undefined && this.#isWanted) this.#startAfter(delay);
    for (const event of unread) this.#begin(event);
  }

  #fail(eventId: number, error: ErrorInfo): void {
    this.#events.delete(eventId);
    this.#options.listener.onFailure(eventId, error);
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
