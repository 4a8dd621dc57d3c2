// Runs one plugin's instances and events in the thread it is in. This is the runtime; an isolate is this behind a port.
import type { AskedCall, InstanceSpec, LogEntry, PhaseHost, PhaseHostListener, Protocol } from "../../../core/channel/index.js";
import { ownConfig } from "../schema/index.js";
import { toErrorInfo } from "../../../core/model/index.js";
import type { CodecFor } from "./codecs.js";
import { type EventTracking, NO_TRACKING } from "../../../core/worker/index.js";
import { type CallCodec, type EventOutlet, ExitSignal, RunningEvent } from "./event.js";
import type { PhaseHandlers, PluginDefinition } from "./forms/plugin-definition.js";
import { kongObject } from "./kong-object.js";
import type { OpeningHabits } from "./opening-habits.js";

type Instance =
  { readonly state: "ready"; readonly handlers: PhaseHandlers } | { readonly state: "failed"; readonly reason: Error };

interface EventStart {
  readonly eventId: number;
  readonly instanceId: number;
  readonly phase: string;
  readonly protocol: Protocol;
  readonly asked: readonly AskedCall[] | undefined;
}

export interface LocalHostOptions {
  /** The plugin's name, where its module states none. */
  readonly plugin?: string;
  /** Says when calls that were made in one go (`Promise.all`) are sent; those of all events of a tick together. */
  readonly defer?: (flush: () => void) => void;
  readonly tracking?: EventTracking;
  /** Learns with which reads events begin, for a host that can ask ahead. */
  readonly habits?: OpeningHabits;
  /** Frees the memory of an answer that nothing refers to any more. */
  readonly release?: (data: Buffer) => void;
}

export class LocalHost implements PhaseHost {
  readonly #definition: PluginDefinition;
  readonly #plugin: string;
  readonly #codecFor: CodecFor;
  readonly #listener: PhaseHostListener;
  readonly #tracking: EventTracking;
  readonly #habits: OpeningHabits | undefined;
  readonly #instances = new Map<number, Instance>();
  readonly #events = new Map<number, RunningEvent>();
  /** Events that wait for their codec to be loaded. */
  readonly #waiting = new Set<number>();
  readonly #outlet: EventOutlet;

  constructor(
    definition: PluginDefinition,
    codecFor: CodecFor,
    listener: PhaseHostListener,
    {
      plugin = "?",
      defer = (flush) => process.nextTick(flush),
      tracking = NO_TRACKING,
      habits,
      release = () => {},
    }: LocalHostOptions = {},
  ) {
    this.#definition = definition;
    this.#plugin = definition.name ?? plugin;
    this.#codecFor = codecFor;
    this.#listener = listener;
    this.#tracking = tracking;
    this.#habits = habits;
    this.#outlet = {
      send: (event, calls) => listener.onCalls(event.id, calls),
      defer,
      spent: release,
      ended: (event) => this.#events.delete(event.id),
      failed: (event, error) => this.#report(event, error),
    };
  }

  get instanceCount(): number {
    return this.#instances.size;
  }

  get eventCount(): number {
    return this.#events.size;
  }

  startInstance(spec: InstanceSpec): void {
    try {
      const config: unknown = JSON.parse(spec.config);
      if (typeof config !== "object" || config === null) throw new TypeError("the configuration is no JSON object");
      this.#instances.set(spec.id, {
        state: "ready",
        handlers: this.#definition.createInstance(ownConfig(config as Record<string, unknown>, this.#definition.fields)),
      });
    } catch (thrown) {
      const error = toErrorInfo(thrown);
      this.#instances.set(spec.id, {
        state: "failed",
        reason: new Error(`instance ${spec.id} did not start: ${error.message}`, { cause: thrown }),
      });
      this.#listener.onInstanceFailed(spec.id, error);
    }
  }

  closeInstance(instanceId: number): void {
    this.#instances.delete(instanceId);
    this.#habits?.closeInstance(instanceId);
  }

  startEvent(eventId: number, instanceId: number, phase: string, protocol: Protocol, asked?: readonly AskedCall[]): void {
    const codec = this.#codecFor(protocol);
    const begin = (loaded: CallCodec): void => this.#begin({ eventId, instanceId, phase, protocol, asked }, loaded);
    if (!(codec instanceof Promise)) return begin(codec);
    this.#waiting.add(eventId);
    codec.then(
      (loaded) => {
        if (this.#waiting.delete(eventId)) begin(loaded);
      },
      (error: unknown) => {
        if (this.#waiting.delete(eventId)) this.#listener.onFailure(eventId, toErrorInfo(error));
      },
    );
  }

  #begin({ eventId, instanceId, phase, protocol, asked }: EventStart, codec: CallCodec): void {
    const instance = this.#instances.get(instanceId);
    if (instance?.state !== "ready") {
      const reason = instance?.reason ?? new Error(`instance ${instanceId} is not here`);
      this.#listener.onFailure(eventId, toErrorInfo(reason), reason);
      return;
    }
    const event = new RunningEvent({
      plugin: this.#plugin,
      id: eventId,
      instanceId,
      phase,
      bodies: this.#definition.bodies,
      codec,
      outlet: this.#outlet,
      opening: this.#habits?.begin(instanceId, phase, protocol, asked),
    });
    this.#events.set(eventId, event);
    // It catches what plugin code throws; what goes wrong in its own catch is logged as a stray rejection of this isolate.
    // eslint-disable-next-line @typescript-eslint/no-floating-promises
    this.#tracking.run(event, () => void this.#run(event, instance.handlers));
  }

  step(eventId: number, failed: boolean, data: Buffer | undefined): void {
    this.#events.get(eventId)?.step(failed, data);
  }

  cancelEvent(eventId: number, reason: string): void {
    this.#waiting.delete(eventId);
    const event = this.#events.get(eventId);
    if (event === undefined) return;
    this.#events.delete(eventId);
    event.cancel(reason);
  }

  async #run(event: RunningEvent, handlers: PhaseHandlers): Promise<void> {
    const handler = Object.hasOwn(handlers, event.phase) ? handlers[event.phase as keyof PhaseHandlers] : undefined;
    try {
      // A gateway asks only for the phases it was told of; for any other there is nothing to do.
      if (handler !== undefined) await handler(kongObject(event));
      const uncaught = event.isUnsettled ? await event.settled() : undefined;
      if (uncaught === undefined) this.#return(event);
      else this.#failed(event, uncaught);
    } catch (thrown) {
      this.#failed(event, thrown);
    }
  }

  #return(event: RunningEvent): void {
    // It ends with the call that ended the request.
    if (event.exited || !this.#events.delete(event.id)) return;
    const rest = event.finish();
    if (rest.length > 0) this.#listener.onCalls(event.id, rest);
    this.#listener.onReturn(event.id);
  }

  #failed(event: RunningEvent, thrown: unknown): void {
    if (!event.exited && this.#events.has(event.id)) this.#report(event, thrown);
    else if (!(thrown instanceof ExitSignal)) this.#listener.onLog(lateFailure(event, thrown));
  }

  #report(event: RunningEvent, thrown: unknown): void {
    if (!this.#events.delete(event.id)) return;
    event.finish();
    this.#listener.onFailure(event.id, toErrorInfo(thrown), thrown);
  }
}

function lateFailure(event: RunningEvent, thrown: unknown): LogEntry {
  const after = event.exited ? "after it had ended the request" : "after its event had been cancelled";
  return {
    level: "warn",
    message: `the ${event.phase} handler failed ${after}`,
    phase: event.phase,
    instanceId: event.instanceId,
    error: toErrorInfo(thrown),
  };
}
