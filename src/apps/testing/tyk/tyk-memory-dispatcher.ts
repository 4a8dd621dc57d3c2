// Runs a plugin's hooks in this thread for the stand-in of Tyk: what a server does between gRPC and an isolate, without either.
import { randomBytes } from "node:crypto";
import type { CallHostListener, LogEntry } from "../../../core/channel/index.js";
import type { ApiDefinition } from "../../../gateways/tyk/api/index.js";
import {
  type HookKind,
  hookFunction,
  KIND_OF_TYPE,
  readAsk,
  readEventPayload,
  readObjectHead,
  type ServerAsk,
} from "../../../gateways/tyk/messages/index.js";
import { type DispatcherClient, StandinError } from "../../../gateways/tyk/standin/index.js";
import { type TykDefinition, TykHost } from "../../../gateways/tyk/worker/index.js";

/** gRPC's. */
const NOT_FOUND = 5;
const INTERNAL = 13;
/** Bytes. */
const KEY_SIZE = 32;
/** What runs the log handler of a plugin for Kong. */
const LOG = "log";
const nothing = (): void => {};

interface Waiting {
  readonly config: string;
  /** What is to be logged once the call is answered. */
  logged: Buffer | undefined;
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

export class TykMemoryDispatcher implements DispatcherClient {
  readonly #options: MemoryDispatcherOptions;
  readonly #host: TykHost;
  readonly #waiting = new Map<number, Waiting>();
  /** By the text of the configuration. */
  readonly #bindings = new Map<string, number>();
  #nextId = 1;
  /** With which hooks seal what they keep for later hooks. */
  readonly #key = randomBytes(KEY_SIZE);
  readonly #late: Promise<void>[] = [];

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
      this.#waiting.set(callId, { config, logged: undefined, resolve, reject });
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
    const { onLog, onError } = this.#options;
    return {
      onAsks: (callId, asks) => {
        for (const ask of asks) this.#asked(callId, readAsk(ask.data));
      },
      onDone: (callId, result = Buffer.alloc(0)) => this.#answered(callId, result),
      onFailure: (callId, error, { thrown } = {}) => {
        onError(thrown ?? error);
        this.#take(callId)?.reject(failure(error.message, INTERNAL));
      },
      // Its calls fail with the reason.
      onBindingFailed: () => {},
      onLog,
    };
  }

  /** An answer comes later, as from a server. */
  #asked(callId: number, ask: ServerAsk): void {
    const waiting = this.#waiting.get(callId);
    if (ask.ask === "log") {
      if (waiting !== undefined) waiting.logged = ask.state;
      return;
    }
    const { apiDefinition } = this.#options;
    const definition = apiDefinition === undefined ? undefined : Buffer.from(JSON.stringify(apiDefinition));
    queueMicrotask(() => this.#host.answer(callId, false, ask.ask === "key" ? this.#key : definition));
  }

  #answered(callId: number, result: Buffer): void {
    const waiting = this.#take(callId);
    if (waiting === undefined) return;
    waiting.resolve(result);
    // A plugin for Kong logs once a request is answered; what fails there is told as what hooks throw.
    if (waiting.logged !== undefined) this.#late.push(this.#call(LOG, waiting.config, waiting.logged).then(nothing, nothing));
  }

  /** Resolves when what runs behind answers is over. */
  async settled(): Promise<void> {
    await Promise.all(this.#late.splice(0));
  }

  #take(callId: number): Waiting | undefined {
    const waiting = this.#waiting.get(callId);
    this.#waiting.delete(callId);
    return waiting;
  }
}

const failure = (message: string, status: number): StandinError => new StandinError("TYK_STANDIN_CALL", message, { status });
