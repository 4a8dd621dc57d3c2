// Runs a plugin for Tyk against the stand-in of the gateway, in memory.
import { messageOf } from "../../../core/model/index.js";
import { printEntry } from "../../../core/worker/index.js";
import type { ApiDefinition, NewSession, Session } from "../../../gateways/tyk/api/index.js";
import { decodeObject, encodeObject } from "../../../gateways/tyk/messages/index.js";
import { findTykRelease, NEWEST_RELEASE } from "../../../gateways/tyk/releases/index.js";
import {
  describeApi,
  type FiredEvent,
  type KeySession,
  KeyStore,
  type StandinApi,
  TykGateway,
} from "../../../gateways/tyk/standin/index.js";
import { acceptSession, plainSession, type TykDefinition } from "../../../gateways/tyk/worker/index.js";
import { TestingError } from "../errors.js";
import { type HeadersInput, sentMessage, type TestBody, TestResponse, type UpstreamRequest } from "../messages.js";
import { type AccessHook, findDefinition, type TykConfigFor } from "./tyk-test-definition.js";
import { TykMemoryDispatcher } from "./tyk-memory-dispatcher.js";
import { pairsOf, type TykTestAnswer, TykTestService } from "./tyk-test-service.js";

/** What the client sends. */
export interface TykTestRequest {
  /** `GET`. */
  readonly method?: string;
  /** With a query or without, the API's listen path included: `/items?page=2`. `/`. */
  readonly path?: string;
  /** The Host header is `localhost`. */
  readonly headers?: HeadersInput;
  /** An object is sent as JSON, `URLSearchParams` as a form; a Content-Type of `headers` counts more. */
  readonly body?: TestBody;
}

export interface TykTestOptions<Config = Readonly<Record<string, unknown>>> {
  /** What the client sends: `GET /`. */
  readonly request?: TykTestRequest;
  /** The service: what it answers, or how it answers what; what the function throws, `run()` throws. */
  readonly upstream?: TykTestAnswer;
  /** The session of a request that another method has authenticated: `authCheck` is not called then. */
  readonly session?: NewSession;
  /** `config_data` of the API definition: its type follows from the plugin's schema. */
  readonly config?: Config;
  /** Where the API calls the access handler of a plugin for Kong: `post`. */
  readonly access?: AccessHook;
  /** The gateway's release: `5.3.8`. The newest. */
  readonly gatewayVersion?: string;
  /** `test`, of the organisation `default`, with the listen path `/`, which the upstream does not get. */
  readonly api?: Partial<Pick<StandinApi, "id" | "orgId" | "listenPath" | "stripListenPath" | "idExtractor">>;
  /** What `api.definition()` gives; without it the server has none. */
  readonly definition?: Partial<ApiDefinition>;
  /** Ids of the policies that there are. */
  readonly policies?: readonly string[];
  /** The plugin's name where its module states none: `plugin`. */
  readonly name?: string;
}

/** A session that `authCheck` has made, as the gateway keeps it. */
export interface TykTestSession {
  /** The id that the gateway keeps it under. */
  readonly token: string;
  /** With the names of Tyk's key API. */
  readonly session: Session;
}

/** What became of a request. */
export interface TykTestResult {
  /** What the client got. */
  readonly response: TestResponse;
  /** `undefined` where the request did not get so far. */
  readonly upstreamRequest: UpstreamRequest | undefined;
  /** `undefined` where `authCheck` made none. */
  readonly session: TykTestSession | undefined;
  /** Events that the gateway fired, such as `AuthFailure`. */
  readonly events: readonly FiredEvent[];
  /** What the plugin logged. */
  readonly logs: readonly { readonly level: string; readonly message: string }[];
  /** What hooks threw: the client gets what the gateway makes of it. */
  readonly errors: readonly unknown[];
}

/** A plugin in a gateway of its own. */
export interface TestedTykPlugin {
  /** Its own, or that of the options: `FILE` in the names of hooks. */
  readonly name: string;
  /** The functions that it has: `pre/addFooBar`. */
  readonly functions: readonly string[];
  /** Sends a request through the gateway's chain: that of the options, with what is given here in place of theirs. */
  run(request?: TykTestRequest): Promise<TykTestResult>;
  /** Ends the plugin as the server does: runs its `dispose`, where it has one. */
  dispose(): Promise<void>;
}

/**
 * Prepares a plugin for requests to a stand-in of the gateway, which does with its replies what the release does. Each of its functions
 * is a hook of one API, in the order of the plugin; nothing listens, and nothing is started.
 *
 * @param plugin what `defineTykPlugin` returned, or a module whose default export it is; or what `definePlugin` returned for Kong.
 * @throws {TestingError} `TESTING_BAD_PLUGIN` for what is no plugin; `TESTING_BAD_OPTION` for a release that there is not.
 * @example
 * const t = await testTykPlugin(plugin, { request: { headers: { authorization: "abc" } }, gatewayVersion: "5.3.8" });
 * const { response, upstreamRequest } = await t.run();
 * assert.equal(upstreamRequest?.headers["foo"], "Bar");
 */
export async function testTykPlugin<P>(plugin: P, options: TykTestOptions<TykConfigFor<P>> = {}): Promise<TestedTykPlugin> {
  const { definition, called, needsDefinition } = await findDefinition(
    plugin,
    options.name ?? "plugin",
    options.access ?? "post",
  ).catch((error: unknown) => {
    throw new TestingError("TESTING_BAD_PLUGIN", messageOf(error), error);
  });
  const release = checked("TESTING_BAD_OPTION", () => findTykRelease(options.gatewayVersion ?? NEWEST_RELEASE));
  const name = definition.name ?? options.name ?? "plugin";
  const api = apiFor(called, name, options);
  const session = checked("TESTING_BAD_OPTION", () => sessionFor(api, definition, options));
  const store = new WatchedStore();
  await definition.init?.(printEntry);
  return {
    name,
    functions: called,
    run: (request) => runRequest({ definition, needsDefinition, name, api, session, store, release, options }, request),
    dispose: async () => {
      await definition.dispose?.();
    },
  };
}

interface Setting {
  readonly definition: TykDefinition;
  readonly needsDefinition: boolean;
  readonly name: string;
  readonly api: StandinApi;
  readonly session: KeySession | undefined;
  readonly store: WatchedStore;
  readonly release: ReturnType<typeof findTykRelease>;
  readonly options: TykTestOptions<unknown>;
}

async function runRequest(setting: Setting, request?: TykTestRequest): Promise<TykTestResult> {
  const { definition, needsDefinition, name, api, session, store, release, options } = setting;
  const logs: { level: string; message: string }[] = [];
  const errors: unknown[] = [];
  const events: FiredEvent[] = [];
  store.last = undefined;
  const service = new TykTestService(options.upstream ?? {});
  const dispatcher = new TykMemoryDispatcher({
    plugin: name,
    definition,
    apiDefinition: options.definition === undefined && !needsDefinition ? undefined : definitionOf(api, options.definition ?? {}),
    onLog: ({ level, message }) => logs.push({ level, message }),
    onError: (error) => errors.push(error),
  });
  const gateway = new TykGateway({
    apis: [api],
    dispatcher,
    upstream: service.ask,
    release,
    policies: options.policies,
    store,
    onEvent: (event) => events.push(event),
  });
  const outcome = await gateway.handle(
    clientRequest({ ...options.request, ...request }),
    session === undefined ? {} : { session },
  );
  await gateway.events.settled();
  await dispatcher.settled();
  if (service.failure !== undefined) throw service.failure.error;
  if ("dropped" in outcome) throw new Error(`the gateway closed the client's connection: ${outcome.dropped}`);
  if (outcome.isCut === true) throw new Error("the client got a body that is cut: its Content-Length is wrong");
  return {
    response: new TestResponse(outcome.status, pairsOf(outcome.headers), outcome.body),
    upstreamRequest: service.request,
    session: store.last,
    events,
    logs,
    errors,
  };
}

/** Every function is a hook. An API has one authCheck: the first. */
function apiFor(functions: readonly string[], plugin: string, options: TykTestOptions<unknown>): StandinApi {
  const hooks = (kind: string): { name: string }[] =>
    functions.flatMap((name) => (name.startsWith(`${kind}/`) ? { name: `${plugin}:${name.slice(kind.length + 1)}` } : []));
  const [authCheck] = hooks("authCheck");
  const postKeyAuth = hooks("postAuthCheck");
  return describeApi({
    targetUrl: "http://service.test",
    ...options.api,
    keyless: authCheck === undefined && postKeyAuth.length === 0 && options.session === undefined,
    pre: hooks("pre"),
    authCheck,
    postKeyAuth,
    post: hooks("post"),
    response: hooks("response"),
    events: Object.fromEntries(hooks("events").map(({ name }) => [name.slice(plugin.length + 1), [name]])),
    ...(typeof options.config === "object" && options.config !== null
      ? { configData: options.config as Readonly<Record<string, unknown>> }
      : {}),
  });
}

/** A plugin with nothing but postAuthCheck needs somebody who has authenticated the request. */
function sessionFor(api: StandinApi, { functions }: TykDefinition, options: TykTestOptions<unknown>): KeySession | undefined {
  const given = options.session ?? (api.authCheck === undefined && !api.keyless && functions.size > 0 ? {} : undefined);
  if (given === undefined) return undefined;
  const { session, metadata } = acceptSession(given, { orgId: api.orgId, credential: "test" });
  const { session: state } = decodeObject(encodeObject({ session }));
  if (state === undefined) return undefined;
  const key = metadata.get("token") ?? "";
  for (const [name, value] of metadata) state.metadata.set(name, value);
  return { key, state: { ...state, key_id: key } };
}

function definitionOf(
  { id, orgId, listenPath, stripListenPath, targetUrl, keyless, response }: StandinApi,
  given: Partial<ApiDefinition>,
): ApiDefinition {
  return {
    id,
    orgId,
    name: id,
    active: true,
    internal: false,
    listenPath,
    stripListenPath,
    targetUrl,
    domain: undefined,
    keyless,
    tags: [],
    versions: [],
    configData: {},
    bundle: undefined,
    form: "classic",
    document: { custom_middleware: { response } },
    ...given,
  };
}

function clientRequest({ method = "GET", path = "/", headers, body }: TykTestRequest): Parameters<TykGateway["handle"]>[0] {
  const sent = sentMessage(headers, body);
  const hasHost = sent.headers.some(([name]) => name.toLowerCase() === "host");
  return {
    method,
    target: path,
    headers: hasHost ? sent.headers : [["Host", "localhost"], ...sent.headers],
    body: sent.bytes,
    scheme: "http",
    address: "127.0.0.1",
  };
}

/** The store of the gateway, with the session that was put into it last. */
class WatchedStore extends KeyStore {
  last: TykTestSession | undefined;

  override set(token: string, state: Parameters<KeyStore["set"]>[1], lifetime: number): void {
    this.last = { token, session: plainSession(state) };
    super.set(token, state, lifetime);
  }
}

function checked<Value>(code: "TESTING_BAD_PLUGIN" | "TESTING_BAD_OPTION", make: () => Value): Value {
  try {
    return make();
  } catch (error) {
    throw new TestingError(code, messageOf(error), error);
  }
}
