// The stand-in for a Tyk gateway: one request through the chain, with hooks in their places.
import { findTykRelease, NEWEST_RELEASE, type TykRelease } from "../releases/index.js";
import type { StandinApi } from "./api.js";
import { Authentication } from "./authentication.js";
import type { HookedResponse } from "./hooks/build-object.js";
import { errorPage } from "./http/error-page.js";
import { Events, type FiredEvent } from "./events.js";
import type {
  ClientRequest,
  Dropped,
  TykExchange,
  ClientResponse,
  KeySession,
  UpstreamHandler,
  ProxiedResponse,
  HookVerdict,
} from "./exchange.js";
import { GoHeaders } from "./http/go-headers.js";
import { parseRequestUri, urlText } from "./http/go-url.js";
import type { DispatcherClient } from "./hooks/grpc-client.js";
import { type DriverState, HookCaller } from "./hooks/hook-caller.js";
import { KeyStore } from "./key-store.js";
import { isBelow, rewrite, targetOf, withoutListenPath } from "./target.js";

/** What analytics have of a request, as far as hooks have to do with it. */
export interface AnalyticsRecord {
  readonly apiId: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

export interface TykGatewayOptions {
  readonly apis: readonly StandinApi[];
  readonly dispatcher: DispatcherClient;
  readonly upstream: UpstreamHandler;
  readonly release?: TykRelease | undefined;
  readonly driver?: DriverState | undefined;
  /** Ids of the policies that there are. */
  readonly policies?: readonly string[] | undefined;
  readonly store?: KeyStore | undefined;
  /** A request was answered: the gateway writes a record of it. */
  readonly onRecord?: ((record: AnalyticsRecord) => void) | undefined;
  readonly onEvent?: ((event: FiredEvent) => void) | undefined;
  readonly onLog?: ((line: string) => void) | undefined;
}

/** Hop by hop: neither upstream nor client gets these from the other side. */
const HOP_BY_HOP = [
  "Connection",
  "Keep-Alive",
  "Proxy-Authenticate",
  "Proxy-Authorization",
  "Te",
  "Trailers",
  "Transfer-Encoding",
  "Upgrade",
];

/** Go's client says the length of no body for these alone. */
const HAS_BODY: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

export class TykGateway {
  readonly store: KeyStore;
  readonly events: Events;
  readonly #apis: readonly StandinApi[];
  readonly #release: TykRelease;
  readonly #upstream: UpstreamHandler;
  readonly #hooks: HookCaller;
  readonly #authentication: Authentication;
  readonly #cache = new Map<string, ClientResponse>();

  readonly #onRecord: (record: AnalyticsRecord) => void;

  constructor(options: TykGatewayOptions) {
    const { apis, dispatcher, upstream, driver = "loaded", policies = [], onEvent = () => {}, onLog = () => {} } = options;
    this.#onRecord = options.onRecord ?? (() => {});
    this.#release = options.release ?? findTykRelease(NEWEST_RELEASE);
    // Longer paths first, as the gateway sorts its routes.
    this.#apis = [...apis].sort((left, right) => right.listenPath.length - left.listenPath.length);
    this.#upstream = upstream;
    this.store = options.store ?? new KeyStore();
    this.events = new Events(dispatcher, onEvent);
    this.#hooks = new HookCaller({ release: this.#release, dispatcher, driver, events: this.events, onLog });
    this.#authentication = new Authentication({
      hooks: this.#hooks,
      store: this.store,
      events: this.events,
      policies: new Set(policies),
    });
  }

  /**
   * One request from the client to its answer. With `session` it counts as authenticated, as if another method than
   * auth_check had been.
   */
  async handle(
    client: ClientRequest,
    { signal = new AbortController().signal, session }: { readonly signal?: AbortSignal; readonly session?: KeySession } = {},
  ): Promise<ClientResponse | Dropped> {
    const url = parseRequestUri(client.target);
    const api = this.#apis.find(({ listenPath }) => url !== undefined && isBelow(url.path, listenPath));
    const headers = new GoHeaders(client.headers);
    if (url === undefined || api === undefined) return plainText(404, "Not Found");
    const host = headers.get("Host") ?? "";
    headers.delete("Host");
    const exchange: TykExchange = {
      release: this.#release,
      api,
      client,
      signal,
      method: client.method,
      url,
      rewritten: undefined,
      asked: undefined,
      headers,
      host,
      body: client.body,
      session,
    };
    const outcome = (await this.#runRequestHooks(exchange)) ?? (await this.#respond(exchange));
    // Whoever made the answer: a hook's counts as the upstream's does.
    if (!("dropped" in outcome)) this.#onRecord({ apiId: api.id, method: client.method, path: url.path, status: outcome.status });
    return outcome;
  }

  async #runRequestHooks(exchange: TykExchange): Promise<HookVerdict> {
    const { api } = exchange;
    for (const hook of api.pre) {
      const result = await this.#hooks.callRequestHook(exchange, hook, "Pre");
      if (result.kind === "ended") return result.verdict;
    }
    return api.keyless ? undefined : this.#authenticate(exchange);
  }

  async #authenticate(exchange: TykExchange): Promise<HookVerdict> {
    const { api, url } = exchange;
    const isIgnored = api.ignored.some((pattern) => pattern.test(withoutListenPath(url.path, api)));
    if (!isIgnored && exchange.session === undefined) {
      const verdict = await this.#authentication.authenticate(exchange);
      if (verdict !== undefined) return verdict;
    }
    for (const hook of api.postKeyAuth) {
      const result = await this.#hooks.callRequestHook(exchange, hook, "PostKeyAuth");
      if (result.kind === "ended") return result.verdict;
    }
    return isIgnored ? undefined : this.#authentication.checkSession(exchange);
  }

  /** Mock, cache and upstream: each skips other hooks. */
  async #respond(exchange: TykExchange): Promise<ClientResponse | Dropped> {
    const { api, url } = exchange;
    exchange.rewritten = rewrite(api, url);
    const mock = api.mocks.find(({ path }) => path.test(withoutListenPath(url.path, api)));
    if (mock !== undefined) {
      if (api.response.length > 0 && exchange.session === undefined)
        return { dropped: "a mock has a response hook and no session" };
      const response = { status: mock.status, headers: Object.entries(mock.headers), body: Buffer.from(mock.body) };
      return this.#runResponseHooks(exchange, response);
    }
    const key = `${api.id} ${exchange.method} ${urlText(url)}`;
    const isCacheable = api.caches && (exchange.method === "GET" || exchange.method === "HEAD");
    const cached = isCacheable ? this.#cache.get(key) : undefined;
    if (cached !== undefined) return { ...cached, headers: [...cached.headers, ["X-Tyk-Cached-Response", "1"]] };
    for (const hook of api.post) {
      const result = await this.#hooks.callRequestHook(exchange, hook, "Post");
      if (result.kind === "ended") return result.verdict;
    }
    const response = await this.#proxy(exchange);
    if (response === undefined) return errorPage(exchange, 500, "There was a problem proxying the request");
    const answered = await this.#runResponseHooks(exchange, response);
    if (isCacheable && !("dropped" in answered)) this.#cache.set(key, answered);
    return answered;
  }

  /** Undefined where the upstream cannot be asked. */
  async #proxy(exchange: TykExchange): Promise<ProxiedResponse | undefined> {
    const { client, signal } = exchange;
    const target = targetOf(exchange);
    if (target === undefined) return undefined;
    exchange.asked = target.href;
    for (const name of HOP_BY_HOP) exchange.headers.delete(name);
    const headers = new GoHeaders(exchange.headers.list());
    if (!headers.has("User-Agent")) headers.set("User-Agent", `Tyk/v${this.#release.version}`);
    headers.set("Host", target.host);
    headers.set(
      "X-Forwarded-For",
      [headers.get("X-Forwarded-For"), client.address].filter((part) => part !== undefined).join(", "),
    );
    headers.delete("Content-Length");
    if (exchange.body.length > 0 || HAS_BODY.has(exchange.method)) headers.set("Content-Length", String(exchange.body.length));
    const { method } = exchange;
    return this.#upstream({ method, url: target, headers: headers.list(), body: exchange.body }, signal).catch(() => undefined);
  }

  async #runResponseHooks(exchange: TykExchange, { status, headers, body }: ProxiedResponse): Promise<ClientResponse | Dropped> {
    let response: HookedResponse = { status, headers: new GoHeaders(headers), body };
    for (const hook of exchange.api.response) {
      const result = await this.#hooks.callResponseHook(exchange, hook, response);
      if (result.kind === "ended") return result.verdict;
      ({ response } = result);
    }
    return toClient(response, exchange.client.method);
  }
}

/** Go's server takes no more bytes than Content-Length said, and ends a connection that has had fewer. */
function toClient({ status, headers, body }: HookedResponse, method: string): ClientResponse {
  for (const name of HOP_BY_HOP) headers.delete(name);
  const said = headers.get("Content-Length");
  const isBodiless = method === "HEAD" || status === 204 || status === 304;
  if (said === undefined || isBodiless || Number(said) === body.length) return { status, headers: headers.list(), body };
  const isTooLong = body.length > Number(said);
  return { status, headers: headers.list(), body: isTooLong ? Buffer.alloc(0) : body, isCut: true };
}

function plainText(status: number, text: string): ClientResponse {
  const body = Buffer.from(text);
  const headers = [
    ["Content-Type", "text/plain; charset=utf-8"],
    ["Content-Length", String(body.length)],
  ] as const;
  return { status, headers, body };
}
