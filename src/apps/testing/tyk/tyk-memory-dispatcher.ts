// Runs a plugin's hooks in this thread for the stand-in of Tyk: what a server does between gRPC and an isolate, without either.
import type { CallHostListener, LogEntry } from "../../../core/channel/index.js";
import type { ApiDefinition } from "../../../gateways/tyk/api/index.js";
import {
  type HookKind,
  hookFunction,
  KIND_OF_TYPE,
  readEventPayload,
  readObjectHead,
} from "../../../gateways/tyk/messages/index.js";
import { type Dispatcher, StandinError } from "../../../gateways/tyk/standin/index.js";
import { type TykDefinition, TykHost } from "../../../gateways/tyk/worker/index.js";

/** gRPC's. */
const NOT_FOUND = 5;
const INTERNAL = 13;

interface Waiting {
  readonly resolve: (reply: Buffer) => void;
  readonly reject: (error: StandinError) => void;
}

export interface MemoryDispatcherOptions {
  readonly plugin: string;
  readonly definition: TykDefinition;
  /** What `api.definition()` gives; undefined for a server that has none. */
  readonly apiDefinition: ApiDefinition | undefined;
  readonly onLog: (entry: LogEntry) => void;
  /** What a hook threw, or why it failed otherwise. */
  readonly onError: (error: unknown) => void;
}

export class TykMemoryDispatcher implements Dispatcher {
  readonly #options: MemoryDispatcherOptions;
  readonly #host: TykHost;
  readonly #waiting = new Map<number, Waiting>();
  /** By the text of the configuration. */
  readonly #bindings = new Map<string, number>();
  #nextId = 1;

  constructor(options: MemoryDispatcherOptions) {
    this.#options = options;
    this.#host = new TykHost(options.definition, this.#listener(), { plugin: options.plugin });
  }

  dispatch(object: Buffer, signal?: AbortSignal): Promise<Buffer> {
    const { hookType, hookName, spec } = readObjectHead(object);
    const kind = KIND_OF_TYPE[hookType];
    if (kind === undefined) return Promise.reject(failure(`a hook of type ${hookType}`, NOT_FOUND));
    return this.#call(this.#functionOf(kind, hookName), spec.configData ?? "{}", object, signal);
  }

  async dispatchEvent(event: Buffer): Promise<void> {
    const { handler_name: name } = JSON.parse(readEventPayload(event)) as { readonly handler_name: string };
    await this.#call(this.#functionOf("events", name), "", event);
  }

  /** Hooks of a test have their whole name: `PLUGIN:FUNCTION`. */
  #functionOf(kind: HookKind, name: string): string {
    return hookFunction(kind, name.slice(this.#options.plugin.length + 1));
  }

  #call(functionName: string, config: string, payload: Buffer, signal?: AbortSignal): Promise<Buffer> {
    const callId = this.#nextId++;
    const bindingId = this.#bind(config);
    return new Promise((resolve, reject) => {
      this.#waiting.set(callId, { resolve, reject });
      signal?.addEventListener("abort", () => this.#host.cancel(callId, "its client has left"), { once: true });
      this.#host.start({ callId, bindingId, functionName, payload });
    });
  }

  #bind(config: string): number {
    const known = this.#bindings.get(config);
    if (known !== undefined) return known;
    const id = this.#bindings.size + 1;
    this.#bindings.set(config, id);
    this.#host.bind({ id, config });
    return id;
  }

  #listener(): CallHostListener {
    const { apiDefinition, onLog, onError } = this.#options;
    const answer = apiDefinition === undefined ? undefined : Buffer.from(JSON.stringify(apiDefinition));
    return {
      // The one ask is for the definition. The answer comes later, as from a server.
      onAsks: (callId, asks) => {
        asks.forEach(() => queueMicrotask(() => this.#host.answer(callId, false, answer)));
      },
      onDone: (callId, result = Buffer.alloc(0)) => this.#take(callId)?.resolve(result),
      onFailure: (callId, error, { thrown } = {}) => {
        onError(thrown ?? error);
        this.#take(callId)?.reject(failure(error.message, INTERNAL));
      },
      // Its calls fail with the reason.
      onBindingFailed: () => {},
      onLog,
    };
  }

  #take(callId: number): Waiting | undefined {
    const waiting = this.#waiting.get(callId);
    this.#waiting.delete(callId);
    return waiting;
  }
}

const failure = (message: string, status: number): StandinError => new StandinError("TYK_STANDIN_CALL", message, { status });
