// Runs hooks as an isolate does: a plugin's definition, a real host, and messages as the gateway writes them.
import type { CallHost, CallHostListener, LogEntry } from "../../../../../src/core/channel/index.js";
import type { ErrorInfo } from "../../../../../src/core/model/index.js";
import { NO_TRACKING } from "../../../../../src/core/worker/index.js";
import { defineTykPlugin, type TykConfig, type TykPluginDefinition } from "../../../../../src/gateways/tyk/api/index.js";
import {
  type CoprocessObject,
  decodeObject,
  encodeObject,
  HOOK_TYPES,
  type HookType,
  hookFunction,
  type ObjectInput,
  parseHookFunction,
} from "../../../../../src/gateways/tyk/messages/index.js";
import { gatewayWorker } from "../../../../../src/gateways/tyk/worker/index.js";

type Definition = TykPluginDefinition<Readonly<Record<string, unknown>>> & { readonly config?: unknown };

export type RequestInput = NonNullable<ObjectInput["request"]>;

const TYPES: Readonly<Record<string, HookType>> = {
  pre: "Pre",
  authCheck: "CustomKeyCheck",
  postAuthCheck: "PostKeyAuth",
  post: "Post",
  response: "Response",
};

/** A request as gateways send it: every field that they fill. */
export function requestInput(given: RequestInput & { readonly text?: string } = {}): RequestInput {
  const { text = "", ...fields } = given;
  const url = given.url ?? "/t/x?b=1&b=2";
  return {
    headers: new Map([
      ["Host", "example.com"],
      ["User-Agent", "curl/8"],
    ]),
    body: text,
    params: new Map([["b", "1"]]),
    return_overrides: { response_code: -1 },
    method: "GET",
    request_uri: url,
    scheme: "http",
    raw_body: Buffer.from(text),
    ...fields,
    url,
  };
}

export function responseInput(given: NonNullable<ObjectInput["response"]> = {}): NonNullable<ObjectInput["response"]> {
  return {
    status_code: 200,
    raw_body: Buffer.from("up"),
    body: "up",
    headers: new Map([
      ["Content-Length", "2"],
      ["Set-Cookie", "a=1"],
      ["X-Secret", "s"],
    ]),
    multivalue_headers: [
      { key: "Content-Length", values: ["2"] },
      { key: "Set-Cookie", values: ["a=1", "b=2"] },
      { key: "X-Secret", values: ["s"] },
    ],
    ...given,
  };
}

export interface Outcome {
  readonly reply?: CoprocessObject;
  readonly bytes?: Buffer;
  readonly error?: ErrorInfo;
}

export interface RunOptions {
  readonly object?: ObjectInput;
  readonly payload?: Buffer;
  readonly config?: string;
}

export class HookHost {
  readonly logs: LogEntry[] = [];
  readonly asks: Buffer[] = [];
  readonly bindingErrors: ErrorInfo[] = [];
  /** Answers what calls ask. */
  onAsk: ((callId: number, data: Buffer) => void) | undefined;
  readonly host: CallHost;
  readonly #outcomes = new Map<number, (outcome: Outcome) => void>();
  #next = 1;

  constructor(definition: Definition) {
    const listener: CallHostListener = {
      onAsks: (callId, asks) => {
        for (const { data } of asks) {
          this.asks.push(data);
          this.onAsk?.(callId, data);
        }
      },
      onDone: (callId, bytes = Buffer.alloc(0)) =>
        this.#outcomes.get(callId)?.({ bytes, ...(bytes.length > 0 ? { reply: decodeObject(bytes) } : {}) }),
      onFailure: (callId, error) => this.#outcomes.get(callId)?.({ error }),
      onBindingFailed: (_id, error) => void this.bindingErrors.push(error),
      onLog: (entry) => void this.logs.push(entry),
    };
    // The overloads are for authors: what runs is the same for all.
    const plugin = defineTykPlugin(definition as TykPluginDefinition<TykConfig>);
    this.host = gatewayWorker.createHost(gatewayWorker.define({ default: plugin }, "hello"), {
      plugin: "hello",
      listener,
      tracking: NO_TRACKING,
      maxBodySize: 0,
      release: () => {},
      onPrefetch: () => {},
    });
  }

  /** Runs a function, `pre/pre` by its whole name or `pre` for the only one. */
  run(name: string, { object, payload, config = "{}" }: RunOptions = {}): Promise<Outcome> & { readonly callId: number } {
    const functionName = name.includes("/") ? name : hookFunction(name as "pre", name);
    const callId = this.#next++;
    const kind = parseHookFunction(functionName)?.kind ?? "pre";
    const outcome = new Promise<Outcome>((resolve) => this.#outcomes.set(callId, resolve));
    this.host.bind({ id: callId, config });
    this.host.start({
      callId,
      bindingId: callId,
      functionName,
      payload:
        payload ??
        encodeObject({
          hook_type: HOOK_TYPES[TYPES[kind] ?? "Unknown"],
          hook_name: "hello",
          spec: new Map([
            ["APIID", "api1"],
            ["OrgID", "org1"],
          ]),
          request: requestInput(),
          ...object,
        }),
    });
    return Object.assign(outcome, { callId });
  }
}

/** Runs a plugin's one hook on a request. */
export async function runRequest(definition: Definition, request: Parameters<typeof requestInput>[0] = {}): Promise<Outcome> {
  const [kind = "pre"] = Object.keys(definition).filter((key) => key in TYPES || key === "endpoints");
  const name = kind === "endpoints" ? "post/endpoints" : kind;
  return new HookHost(definition).run(name, { object: { request: requestInput(request) } });
}

/** What a request hook's reply says of the request; fails the test where the hook failed. */
export async function replied(definition: Definition, request: Parameters<typeof requestInput>[0] = {}) {
  const { reply, error } = await runRequest(definition, request);
  if (reply?.request === undefined) throw new Error(error?.message ?? "no request in the reply");
  return reply.request;
}

/** The message of the error that a hook failed with. */
export async function refusal(definition: Definition, request: Parameters<typeof requestInput>[0] = {}): Promise<string> {
  const { error } = await runRequest(definition, request);
  return error === undefined ? "it was done" : `${error.code ?? error.name}: ${error.message}`;
}
