// Owns the place of one isolate in a pool: starts it when it is needed and brings it back, with its instances, when it died.
import type { ErrorInfo, InstanceSpec, LogEntry, ModuleArtifact, PdkCall, PhaseHost, PhaseHostListener } from "../channel/index.js";
import { toErrorInfo } from "../channel/index.js";
import { Isolate, type IsolateListener } from "./isolate.js";

export class SupervisedIsolate implements PhaseHost {
  readonly #plugin: string;
  readonly #artifact: ModuleArtifact;
  readonly #listener: PhaseHostListener;
  readonly #instances = new Map<number, InstanceSpec>();
  readonly #events = new Set<number>();
  #isolate: Isolate | undefined;

  constructor(plugin: string, artifact: ModuleArtifact, listener: PhaseHostListener) {
    this.#plugin = plugin;
    this.#artifact = artifact;
    this.#listener = listener;
  }

  get instanceCount(): number {
    return this.#instances.size;
  }

  startInstance(spec: InstanceSpec): void {
    this.#instances.set(spec.id, spec);
    // A fresh isolate gets every instance there is, this one included.
    if (this.#isolate === undefined) this.#start();
    else this.#isolate.startInstance(spec);
  }

  closeInstance(instanceId: number): void {
    this.#instances.delete(instanceId);
    this.#isolate?.closeInstance(instanceId);
  }

  startEvent(eventId: number, instanceId: number, phase: string): void {
    this.#events.add(eventId);
    (this.#isolate ?? this.#start()).startEvent(eventId, instanceId, phase);
  }

  step(eventId: number, failed: boolean, data: Buffer | undefined): void {
    this.#isolate?.step(eventId, failed, data);
  }

  cancelEvent(eventId: number, reason: string): void {
    this.#events.delete(eventId);
    this.#isolate?.cancelEvent(eventId, reason);
  }

  /** Ends the thread; with `now`, without waiting for the handlers that run. */
  async close(now: boolean): Promise<void> {
    const isolate = this.#isolate;
    this.#isolate = undefined;
    if (isolate === undefined) return;
    await (now ? isolate.terminate() : isolate.stop());
  }

  #start(): Isolate {
    const isolate: Isolate = new Isolate(this.#plugin, this.#artifact, this.#listen(() => this.#isolate === isolate));
    this.#isolate = isolate;
    for (const spec of this.#instances.values()) isolate.startInstance(spec);
    return isolate;
  }

  /** `isCurrent` keeps what a dying isolate still says away from the one that replaced it. */
  #listen(isCurrent: () => boolean): IsolateListener {
    return {
      onCalls: (eventId: number, calls: readonly PdkCall[]) => {
        if (calls.at(-1)?.ends === true) this.#events.delete(eventId);
        this.#listener.onCalls(eventId, calls);
      },
      onReturn: (eventId: number) => {
        this.#events.delete(eventId);
        this.#listener.onReturn(eventId);
      },
      onFailure: (eventId: number, error: ErrorInfo) => {
        this.#events.delete(eventId);
        this.#listener.onFailure(eventId, error);
      },
      onInstanceFailed: (instanceId: number, error: ErrorInfo) => this.#listener.onInstanceFailed(instanceId, error),
      onLog: (entry: LogEntry) => this.#listener.onLog(entry),
      onEnd: (error: Error | undefined) => {
        if (error !== undefined && isCurrent()) this.#died(error);
      },
    };
  }

  #died(error: Error): void {
    this.#isolate = undefined;
    const info = { ...toErrorInfo(error), message: `the isolate of plugin ${this.#plugin} ended: ${error.message}` };
    const message = `its isolate ended with ${this.#events.size} events running; it starts again with its next event`;
    this.#listener.onLog({ level: "error", message, error: info });
    for (const eventId of [...this.#events]) this.#listener.onFailure(eventId, info);
    this.#events.clear();
  }
}
