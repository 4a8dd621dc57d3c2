// Runs one plugin's instances and events in the thread it is in. This is the runtime; an isolate is this behind a port.
import { performance } from "node:perf_hooks";
import type {
  BindingSpec,
  CallHost,
  CallHostListener,
  CallStart,
  LogEntry,
  PrefetchedAnswer,
} from "../../../core/channel/index.js";
import { phaseOfFunction, protocolOfFunction } from "../msgpack/index.js";
import { ownConfig } from "../schema/index.js";
import { type ErrorInfo, IdTable, toErrorInfo } from "../../../core/model/index.js";
import type { CodecFor } from "./codecs.js";
import { type CallTracking, NO_TRACKING } from "../../../core/worker/index.js";
import { type CallCodec, type EventOutlet, HandlerEvent } from "./handler-event.js";
import { ExitSignal } from "./exit-signal.js";
import type { PhaseHandlers, KongDefinition } from "./forms/plugin-definition.js";
import { kongObject } from "./kong-object.js";
import type { PrefetchLearner } from "./prefetch-learner.js";

type Instance =
  { readonly state: "ready"; readonly handlers: PhaseHandlers } | { readonly state: "failed"; readonly reason: Error };

export interface KongHostOptions {
  /** The plugin's name, where its module states none. */
  readonly plugin?: string;
  /** Says when calls that were made in one go (`Promise.all`) are sent; those of all events of a tick together. */
  readonly defer?: (flush: () => void) => void;
  readonly tracking?: CallTracking;
  /** Learns with which reads events begin, for a host that can ask ahead. */
  readonly prefetches?: PrefetchLearner;
  /** At once. */
  readonly maxEvents?: number;
  /** A handler has returned for the first time. */
  readonly onFirstReturn?: () => void;
  /** Frees the memory of an answer that nothing refers to any more. */
  readonly release?: (data: Buffer) => void;
}

export class KongHost implements CallHost {
  readonly #definition: KongDefinition;
  readonly #plugin: string;
  readonly #codecFor: CodecFor;
  readonly #listener: CallHostListener;
  readonly #tracking: CallTracking;
  readonly #prefetches: PrefetchLearner | undefined;
  readonly #maxEvents: number;
  #onFirstReturn: (() => void) | undefined;
  readonly #instances = new Map<number, Instance>();
  readonly #events = new IdTable<HandlerEvent>();
  /** Events that wait for their codec to be loaded. */
  readonly #waiting = new Set<number>();
  readonly #outlet: EventOutlet;

  constructor(
    definition: KongDefinition,
    codecFor: CodecFor,
    listener: CallHostListener,
    {
      plugin = "?",
      defer = (flush) => process.nextTick(flush),
      tracking = NO_TRACKING,
      prefetches,
      maxEvents = Infinity,
      onFirstReturn,
      release = () => {},
    }: KongHostOptions = {},
  ) {
    this.#definition = definition;
    this.#plugin = definition.name ?? plugin;
    this.#codecFor = codecFor;
    this.#listener = listener;
    this.#tracking = tracking;
    this.#prefetches = prefetches;
    this.#maxEvents = maxEvents;
    this.#onFirstReturn = onFirstReturn;
    this.#outlet = {
      send: (event, calls) => listener.onAsks(event.id, calls, calls.at(-1)?.ends === true ? timeOf(event) : undefined),
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

  bind(spec: BindingSpec): void {
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
      this.#listener.onBindingFailed(spec.id, error);
    }
  }

  unbind(instanceId: number): void {
    this.#instances.delete(instanceId);
    this.#prefetches?.closeInstance(instanceId);
  }

  start(call: CallStart, prefetched?: readonly PrefetchedAnswer[]): void {
    const { callId } = call;
    if (this.#events.size >= this.#maxEvents)
      return this.#listener.onFailure(callId, tooManyEvents(this.#maxEvents), { reason: "overloaded" });
    const codec = this.#codecFor(protocolOfFunction(call.functionName));
    if (!(codec instanceof Promise)) return this.#begin(call, prefetched, codec);
    this.#waiting.add(callId);
    codec.then(
      (loaded) => {
        if (this.#waiting.delete(callId)) this.#begin(call, prefetched, loaded);
      },
      (error: unknown) => {
        if (this.#waiting.delete(callId)) this.#listener.onFailure(callId, toErrorInfo(error));
      },
    );
  }

  #begin(call: CallStart, prefetched: readonly PrefetchedAnswer[] | undefined, codec: CallCodec): void {
    const { callId, bindingId, functionName, trace } = call;
    const instance = this.#instances.get(bindingId);
    if (instance?.state !== "ready") {
      const reason = instance?.reason ?? new Error(`instance ${bindingId} is not here`);
      this.#listener.onFailure(callId, toErrorInfo(reason), { thrown: reason, reason: "configuration" });
      return;
    }
    const event = new HandlerEvent({
      plugin: this.#plugin,
      id: callId,
      instanceId: bindingId,
      phase: phaseOfFunction(functionName),
      bodies: this.#definition.bodies,
      codec,
      outlet: this.#outlet,
      opening: this.#prefetches?.begin(call, prefetched),
      trace,
    });
    this.#events.set(callId, event);
    // It catches what plugin code throws; what goes wrong in its own catch is logged as a stray rejection of this isolate.
    // eslint-disable-next-line @typescript-eslint/no-floating-promises
    this.#tracking.run(event, () => void this.#run(event, instance.handlers));
  }

  answer(eventId: number, failed: boolean, data: Buffer | undefined): void {
    this.#events.get(eventId)?.step(failed, data);
  }

  cancel(eventId: number, reason: string): void {
    this.#waiting.delete(eventId);
    const event = this.#events.get(eventId);
    if (event === undefined) return;
    this.#events.delete(eventId);
    event.cancel(reason);
  }

  async #run(event: HandlerEvent, handlers: PhaseHandlers): Promise<void> {
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

  #return(event: HandlerEvent): void {
    // It ends with the call that ended the request.
    if (event.exited || !this.#events.delete(event.id)) return;
    const rest = event.finish();
    if (rest.length > 0) this.#listener.onAsks(event.id, rest);
    this.#onFirstReturn?.();
    this.#onFirstReturn = undefined;
    this.#listener.onDone(event.id, undefined, timeOf(event));
  }

  #failed(event: HandlerEvent, thrown: unknown): void {
    if (!event.exited && this.#events.has(event.id)) this.#report(event, thrown);
    else if (!(thrown instanceof ExitSignal)) this.#listener.onLog(lateFailure(event, thrown));
  }

  #report(event: HandlerEvent, thrown: unknown): void {
    if (!this.#events.delete(event.id)) return;
    event.finish();
    this.#listener.onFailure(event.id, toErrorInfo(thrown), { thrown, handlerTime: timeOf(event) });
  }
}

/** Milliseconds that its handler has run. */
const timeOf = ({ began }: HandlerEvent): number => performance.now() - began;

function tooManyEvents(maxEvents: number): ErrorInfo {
  const message = `the plugin runs ${maxEvents} events at once already: see -max-events`;
  return { name: "IsolateError", code: "ISOLATE_BUSY", message, stack: message };
}

function lateFailure(event: HandlerEvent, thrown: unknown): LogEntry {
  const after = event.exited ? "after it had ended the request" : "after its event had been cancelled";
  return {
    level: "warn",
    message: `the ${event.phase} handler failed ${after}`,
    functionName: event.phase,
    bindingId: event.instanceId,
    error: toErrorInfo(thrown),
  };
}
