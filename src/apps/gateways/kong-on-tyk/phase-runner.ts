// Runs the phases of a Kong plugin with one configuration in the isolate itself: its PDK calls work on a document that is here.
import type { Ask, CallHostListener } from "../../../core/channel/index.js";
import { toErrorInfo } from "../../../core/model/index.js";
import { phaseFunction } from "../../../gateways/kong/msgpack/index.js";
import type { Phase } from "../../../gateways/kong/pdk/index.js";
import {
  argumentsFromWire,
  ByteText,
  callPdk,
  createGatewayFacts,
  type GatewayRequest,
  type PdkCall,
  type PluginLogLine,
  RefusedCall,
} from "../../../gateways/kong/pdk-functions/index.js";
import { type CodecFor, KongHost, type KongDefinition } from "../../../gateways/kong/worker/index.js";
import { TykError } from "../../../gateways/tyk/api/index.js";
import { whyNotOnTyk } from "./functions.js";

/** What a phase works on, and who hears of it. */
export interface PhaseWork {
  readonly phase: Phase;
  readonly request: GatewayRequest;
  readonly log: (line: Pick<PluginLogLine, "level" | "message">) => void;
  /** Why a function cannot be had in this phase, beside those that there never are. */
  readonly whyNot?: (method: string) => string | undefined;
  /** A function was run: what it changed is passed on now, so that an error is the error of this call. */
  readonly ran?: (method: string, args: readonly unknown[], result: unknown) => unknown;
}

/** `ended`: by `kong.response.exit` or `error`, and the response is in the document. */
export type PhaseEnd = "returned" | "ended";

interface Running {
  readonly work: PhaseWork;
  readonly resolve: (end: PhaseEnd) => void;
  readonly reject: (error: unknown) => void;
  /** Calls are played in their order, whatever some of them wait for. */
  tail: Promise<void>;
}

const BINDING = 1;

/** Nothing that a client says of itself is trusted: who it came through is not known. Bodies are all here. */
const FACTS = createGatewayFacts({ trustedNetworks: [], bodyBufferBytes: Infinity });

export class PhaseRunner {
  readonly #host: KongHost;
  readonly #plugin: PdkCall["plugin"];
  readonly #running = new Map<number, Running>();
  readonly #calls = new WeakMap<Buffer, { readonly method: string; readonly args: readonly unknown[] }>();
  readonly #results = new WeakMap<Buffer, unknown>();
  #lastId = 0;
  #log: PhaseWork["log"] = () => {};

  /** @throws what the plugin throws for its configuration. */
  constructor(definition: KongDefinition, name: string, config: Readonly<Record<string, unknown>>) {
    this.#plugin = { id: name, name };
    let failure: unknown;
    const listener: CallHostListener = {
      onAsks: (id, asks) => {
        for (const ask of asks) this.#next(id, () => this.#play(id, ask));
      },
      onDone: (id) => this.#next(id, () => this.#end(id, "returned")),
      onFailure: (id, error, thrown) => this.#fail(id, thrown ?? Object.assign(new Error(error.message), { code: error.code })),
      onBindingFailed: (_id, error) => (failure = new Error(error.message)),
      onLog: ({ message, error }) =>
        this.#log({ level: "warn", message: error === undefined ? message : `${message}: ${error.message}` }),
    };
    this.#host = new KongHost(definition, this.#codec, listener, { plugin: name });
    this.#host.bind({ id: BINDING, config: JSON.stringify(config) });
    if (failure !== undefined) throw failure as Error;
  }

  /** Rejects with what the handler throws, and with a {@link TykError} for a call that cannot be made here. `cancelled` gives it up. */
  run(work: PhaseWork, onStart: (cancel: (reason: string) => void) => void = () => {}): Promise<PhaseEnd> {
    const id = (this.#lastId += 1);
    this.#log = work.log;
    return new Promise((resolve, reject) => {
      this.#running.set(id, { work, resolve, reject, tail: Promise.resolve() });
      onStart((reason) => this.#fail(id, new Error(reason)));
      this.#host.start({ callId: id, bindingId: BINDING, functionName: phaseFunction("MsgPack:1", work.phase) });
    });
  }

  /** Nothing is encoded: a call and its answer stay where they are, and stand for each other. */
  readonly #codec: CodecFor = () => ({
    encodeCall: (method, args) => {
      const data = Buffer.alloc(0);
      this.#calls.set(data, { method, args });
      return data;
    },
    decodeResult: (_method, data) => this.#results.get(data),
  });

  #next(id: number, step: () => void | Promise<void>): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    running.tail = running.tail.then(step).catch((error: unknown) => this.#fail(id, error));
  }

  async #play(id: number, { data, wantsAnswer }: Ask): Promise<void> {
    const running = this.#running.get(id);
    const call = this.#calls.get(data);
    if (running === undefined || call === undefined) return;
    const { work } = running;
    const { method } = call;
    const why = whyNotOnTyk(method) ?? work.whyNot?.(method);
    if (why !== undefined) throw new TykError("TYK_WRONG_HOOK", method, `Tyk cannot do it: ${why}`);
    const args = argumentsFromWire(call.args);
    const answer = await this.#call(work, method, args);
    if (answer.kind === "ended") {
      this.#end(id, "ended");
      return;
    }
    await work.ran?.(method, args, answer.data);
    if (!wantsAnswer) return;
    const result = Buffer.alloc(0);
    this.#results.set(result, plainValue(answer.data));
    this.#host.answer(id, answer.step === "StepError", answer.data === undefined ? undefined : result);
  }

  async #call({ phase, request, log }: PhaseWork, method: string, args: readonly unknown[]): ReturnType<typeof callPdk> {
    try {
      return await callPdk({ request, phase, plugin: this.#plugin, facts: FACTS, log }, method, args);
    } catch (error) {
      throw error instanceof RefusedCall ? new TykError("TYK_BAD_ARGUMENT", method, error.message, { cause: error }) : error;
    }
  }

  #end(id: number, end: PhaseEnd): void {
    const running = this.#running.get(id);
    this.#running.delete(id);
    running?.resolve(end);
  }

  #fail(id: number, error: unknown): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    this.#running.delete(id);
    this.#host.cancel(id, toErrorInfo(error).message);
    running.reject(error);
  }
}

/** A value of the gateway's as it would come over a wire: bytes that are no UTF-8 are bytes. */
export function plainValue(value: unknown): unknown {
  if (value instanceof ByteText) return value.bytes;
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(plainValue);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, plainValue(item)]));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainValue(item)]));
}
