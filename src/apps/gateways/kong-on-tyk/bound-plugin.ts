// Owns a Kong plugin bound to one configuration behind Tyk: what each of its hooks does with the plugin's phases.
import { createHash } from "node:crypto";
import type { Phase } from "../../../gateways/kong/pdk/index.js";
import {
  type GatewayRequest,
  type PluginLogLine,
  removeHeader,
  takeServiceResponse,
} from "../../../gateways/kong/pdk-functions/index.js";
import type { KongDefinition } from "../../../gateways/kong/worker/index.js";
import { type ApiDefinition, TykError, type TykLog } from "../../../gateways/tyk/api/index.js";
import {
  AuthContext,
  type EndingHookContext,
  type HookCall,
  type HookRequest,
  type HookResponse,
  type LoggedApi,
  type ResponseHookContext,
} from "../../../gateways/tyk/worker/index.js";
import type { ApiHooks } from "./api-hooks.js";
import { type Carried, CARRIED_HEADER, carriedOf, NOTHING_CARRIED, restore, seal, unseal } from "./carried.js";
import { decodeLogRecord, encodeLogRecord } from "./log-record.js";
import { type PhaseEnd, PhaseRunner, type PhaseWork } from "./phase-runner.js";
import { headerPairs, passOn, requestDocument, utf8TextOf } from "./request-document.js";

/** What hooks of all configurations of a plugin share in an isolate. */
export interface SharedParts {
  readonly hooks: ApiHooks;
  /** The key of the server, once it was asked for. */
  key: Buffer | undefined;
}

export interface BoundPluginOptions {
  readonly definition: KongDefinition;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** The API's, as its configuration says it. */
  readonly listenPath: string | undefined;
  readonly shared: SharedParts;
}

const LEVELS: Readonly<Record<PluginLogLine["level"], keyof TykLog>> = {
  emerg: "error",
  alert: "error",
  crit: "error",
  err: "error",
  warn: "warn",
  notice: "info",
  info: "info",
  debug: "debug",
};

const NO_ADDRESS =
  "no X-Real-IP or X-Forwarded-For says who the client is, and the address itself is not in the gateway's messages";
const RESPONSE_UNKNOWN = "the response is not known before the plugin's response hook: list the plugin under response as well";

export class BoundPlugin {
  readonly #options: BoundPluginOptions;
  readonly #runner: PhaseRunner;

  /** @throws what the plugin throws for its configuration. */
  constructor(options: BoundPluginOptions) {
    this.#options = options;
    this.#runner = new PhaseRunner(options.definition, options.name, options.config);
  }

  /** A request hook: `rewrite` or `access`. */
  async request(phase: Phase, request: HookRequest, context: EndingHookContext, call: HookCall): Promise<unknown> {
    const before = await this.#carried(request, call);
    const document = requestDocument(request);
    restore(document, before, this.#options.name);
    const { api, log } = context;
    const paths = { definition: () => api.definition(), listenPath: this.#options.listenPath };
    const seen: string[] = [];
    const end = await this.#run(call, {
      phase,
      request: document,
      log: writeTo(log),
      whyNot: whyNotOf(document),
      ran: (method, args, result) => {
        if (READS.has(method) && result !== undefined) seen.push(JSON.stringify([method, args[0], result]));
        return passOn(method, document, request, paths);
      },
    });
    if (end === "ended") {
      this.#log(document, before, context.api, call);
      return replyOf(document, context);
    }
    await this.#carryOn({ phase, document, before, request, api, call });
    return context instanceof AuthContext ? accepted(context, seen, this.#options.name) : undefined;
  }

  /** A response hook: headers that request hooks set, then the response phase. */
  async response(response: HookResponse, context: ResponseHookContext, call: HookCall): Promise<void> {
    const before = await this.#carried(context.request, call);
    const document = requestDocument(context.request);
    restore(document, before, this.#options.name);
    const headers = headerPairs(response.headers);
    document.isBuffered = this.#has("response");
    document.serviceResponse = { status: response.status, headers, body: response.body };
    takeServiceResponse(document, response.status, headers);
    if (this.#has("response")) {
      const work = { phase: "response", request: document, log: writeTo(context.log), whyNot: whyNotOf(document) } as const;
      if ((await this.#run(call, work)) === "ended") endWith(document, response);
    }
    passResponse(document, response);
    this.#log(document, before, context.api, call);
  }

  /** The log phase, for a request that is answered. */
  async log(state: Buffer, logFor: (api: LoggedApi) => TykLog): Promise<void> {
    const { api, request, hasResponse } = decodeLogRecord(state);
    await this.#runner.run({
      phase: "log",
      request,
      log: writeTo(logFor(api)),
      whyNot: (method) => (hasResponse || !method.startsWith("kong.response.") ? undefined : RESPONSE_UNKNOWN),
    });
  }

  #run(call: HookCall, work: PhaseWork): Promise<PhaseEnd> {
    return this.#runner.run(work, (cancel) => (call.onCancelled = cancel));
  }

  #has(phase: Phase): boolean {
    return this.#options.definition.phases.includes(phase);
  }

  /** What hooks before this one have left. A header of anybody else is nothing. */
  async #carried(request: Pick<HookRequest, "headers">, call: HookCall): Promise<Carried> {
    const text = request.headers.get(CARRIED_HEADER);
    return text === undefined ? NOTHING_CARRIED : (unseal(text, await this.#key(call)) ?? NOTHING_CARRIED);
  }

  async #carryOn({ phase, document, before, request, api, call }: CarriedRequest): Promise<void> {
    const { name, shared } = this.#options;
    const isSet = document.response.headers.length > 0;
    // Both ask for the API's definition, which most plugins need not wait for.
    const callsResponse = isSet || this.#has("log") ? await shared.hooks.callsResponse(api) : undefined;
    if (isSet && callsResponse === false)
      throw new TykError(
        "TYK_NOT_CARRIED",
        "kong.response.set_header",
        `the API does not call ${name} as its response hook, which sets the headers: list it under response as well`,
      );
    const isLogged = this.#logsAfter(phase, callsResponse) && this.#log(document, before, api, call, false);
    const carried = carriedOf(document, before, name, isLogged);
    const hasCarried = request.headers.has(CARRIED_HEADER);
    if (!hasCarried && !isSet && !isLogged && carried.shared.size === 0) return;
    const sealed = seal(carried, await this.#key(call));
    if (sealed !== undefined) request.headers.set(CARRIED_HEADER, sealed);
    else if (hasCarried) request.headers.delete(CARRIED_HEADER);
  }

  /** Whether this is the plugin's last hook of a request that goes on. */
  #logsAfter(phase: Phase, callsResponse: boolean | undefined): boolean {
    if (!this.#has("log") || (callsResponse ?? this.#has("response"))) return false;
    return phase === "access" || !this.#has("access");
  }

  #log(request: GatewayRequest, before: Carried, api: Api, call: HookCall, hasResponse = true): boolean {
    if (!this.#has("log") || before.logged.has(this.#options.name)) return false;
    call.logLater(encodeLogRecord({ api: { api_id: api.id, org_id: api.orgId }, request, hasResponse }));
    return true;
  }

  async #key(call: HookCall): Promise<Buffer> {
    return (this.#options.shared.key ??= await call.askKey("kong.ctx.shared"));
  }
}

interface Api {
  readonly id: string;
  readonly orgId: string;
  definition(): Promise<ApiDefinition>;
}

interface CarriedRequest {
  readonly phase: Phase;
  readonly document: GatewayRequest;
  readonly before: Carried;
  readonly request: HookRequest;
  readonly api: Api;
  readonly call: HookCall;
}

const READS = new Set(["kong.request.get_header", "kong.request.get_query_arg"]);

const writeTo =
  (log: TykLog): PhaseWork["log"] =>
  ({ level, message }) =>
    log[LEVELS[level]](message);

const whyNotOf =
  ({ client }: GatewayRequest): ((method: string) => string | undefined) =>
  (method) =>
    client.address === "" && method.startsWith("kong.client.") ? NO_ADDRESS : undefined;

/** Tyk knows a key by its session's token: whoever shows the plugin the same is the same. */
function accepted(context: AuthContext, seen: readonly string[], plugin: string): unknown {
  const { id, orgId } = context.api;
  const token = createHash("sha256")
    .update([orgId, id, plugin, ...seen].join("\n"))
    .digest("hex");
  return context.session({ token });
}

function replyOf({ response }: GatewayRequest, context: EndingHookContext): unknown {
  const subject = "kong.response.exit";
  const headers = response.headers.map(([name, value]) => [name, utf8TextOf(value, `${subject}: ${name}`)] as const);
  const body = response.body === undefined || response.body.length === 0 ? undefined : response.body;
  return context.respond(response.status, body, headers);
}

/** Another body is not encoded as the service's was. */
function endWith({ response: { body, headers } }: GatewayRequest, response: HookResponse): void {
  response.body = body;
  removeHeader(headers, "content-encoding");
}

/** Names are compared without case; what stays as it is, is left alone: connection headers, too. */
function passResponse({ response: wanted }: GatewayRequest, response: HookResponse): void {
  const all = new Map<string, { readonly name: string; readonly values: string[] }>();
  for (const [name, value] of wanted.headers) {
    const known = all.get(name.toLowerCase());
    if (known === undefined) all.set(name.toLowerCase(), { name, values: [value] });
    else known.values.push(value);
  }
  if (response.status !== wanted.status) response.status = wanted.status;
  for (const [name] of [...response.headers])
    if (!all.has(name.toLowerCase()) && name.toLowerCase() !== "content-length") response.headers.delete(name);
  for (const { name, values } of all.values()) {
    if (name.toLowerCase() === "content-length") continue;
    const texts = values.map((value) => utf8TextOf(value, `kong.response.set_header: ${name}`));
    if (response.headers.getAll(name).join("\n") !== texts.join("\n")) response.headers.set(name, texts);
  }
}
