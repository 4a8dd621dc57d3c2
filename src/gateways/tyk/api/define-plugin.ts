// Owns how a plugin for Tyk declares itself.
import type { ConfigSchema, InferTykConfig, StandardSchema, TykConfigInput } from "./config-schema.js";
import type {
  AcceptedSession,
  AuthCheckContext,
  CallContext,
  EarlyReply,
  EndpointContext,
  PostContext,
  PreContext,
  ResponseContext,
  TykEvent,
  TykLog,
} from "./context.js";
import type { TykRequest } from "./request.js";
import type { TykResponse } from "./response.js";

/** Where a defined plugin carries its {@link TykPluginStamp}: the same symbol in every copy of this package. */
export const TYK_PLUGIN_STAMP: unique symbol = Symbol.for("pluginserver.tyk-plugin");

/** What tells the server that, and against which version of this API, a plugin was defined. */
export interface TykPluginStamp<ConfigInput = unknown> {
  readonly apiVersion: 1;
  /** Never there: for the type of `config_data` in tests. */
  readonly configData?: ConfigInput;
}

type Returned<Value> = Value | Promise<Value>;

/** Nothing lets the request go on. */
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- what a function without `return` returns
type GoesOn = void | undefined;

/** What `init` is given: there is no call yet. */
export interface InitContext {
  readonly log: TykLog;
  /**
   * Aborts when the plugin is to end, before `dispose` runs: pass it to what goes on beside calls, such as a timer or a watch.
   * Also when `init` has failed.
   */
  readonly signal: AbortSignal;
}

/** Runs for one request. When it throws, or its promise rejects, the gateway answers with 500. */
export type RequestHook<Context> = (request: TykRequest, context: Context) => Returned<GoesOn | EarlyReply>;

/** Says whether a request's key is good. When it throws, or its promise rejects, the gateway answers with 403. */
export type AuthCheckHook<Config> = (
  request: TykRequest,
  context: AuthCheckContext<Config>,
) => Returned<EarlyReply | AcceptedSession>;

/** Runs for one response of the upstream. When it throws, or its promise rejects, the gateway answers with 500. */
export type ResponseHook<Config> = (response: TykResponse, context: ResponseContext<Config>) => Returned<GoesOn>;

/** Hears of an event. The gateway waits for nothing; a failure is logged. */
export type EventHandler = (event: TykEvent, context: CallContext) => Returned<GoesOn>;

/** One function, which an API definition names by its plugin, or several by name: `FILE:FUNCTION`, or `FUNCTION` alone. */
export type HookOrTable<Hook> = Hook | Readonly<Record<string, Hook>>;

export interface Endpoint<Config> {
  /** Such as `GET`; `*` for any. */
  readonly method: string;
  /** A pattern, or a regular expression for the path without the API's listen path. */
  readonly path: string | RegExp;
  readonly handler: RequestHook<EndpointContext<Config>>;
}

/**
 * Functions by method and path, or a list of them. `{name}` in a pattern stands for one part of the path, `*` at its end for the rest,
 * `*` as the method for any: `"GET /items/{id}"`, `"* /files/*"`. The first that matches runs; without one the request goes on.
 */
export type Endpoints<Config> = Readonly<Record<string, RequestHook<EndpointContext<Config>>>> | readonly Endpoint<Config>[];

/** What a plugin is made of. At least one hook is needed. */
export interface TykPluginDefinition<Config> {
  /** By default that of the file or folder: `FILE` in the names of hooks. */
  readonly name?: string;
  /** The plugin's own version, such as `1.4.0`. */
  readonly version?: string;
  /** Seconds that one call may take; the server's `-event-timeout` by default. The gateway itself waits for ever. */
  readonly timeout?: number;
  /**
   * Where the plugin runs: in a thread of the server, or in a process of its own, at which native crashes end too. The
   * server's `-isolation` by default.
   */
  readonly isolation?: "thread" | "process";
  /** Runs once in each isolate, before any hook. When it throws, or its promise rejects, the plugin does not load. */
  readonly init?: (context: InitContext) => Returned<GoesOn>;
  /** Runs once in each isolate when its calls are over; it does not in one that dies. */
  readonly dispose?: () => Returned<GoesOn>;
  /** Before everything else, authentication included. */
  readonly pre?: HookOrTable<RequestHook<PreContext<Config>>>;
  /** Instead of the gateway's own ways to check keys: an API has one. It must accept or end the request. */
  readonly authCheck?: HookOrTable<AuthCheckHook<Config>>;
  /** `authCheck` by the name that it has in API definitions. */
  readonly auth_check?: HookOrTable<AuthCheckHook<Config>>;
  /** Once the key is accepted, before rate limits and quotas. Keyless APIs do not call it. */
  readonly postAuthCheck?: HookOrTable<RequestHook<PostContext<Config>>>;
  /** `postAuthCheck` by the name that it has in API definitions. */
  readonly post_key_auth?: HookOrTable<RequestHook<PostContext<Config>>>;
  /** `postAuthCheck` by another name. */
  readonly postKeyAuth?: HookOrTable<RequestHook<PostContext<Config>>>;
  /** `postAuthCheck` by the name that it has in the gateway's documentation of Go plugins. */
  readonly post_auth_check?: HookOrTable<RequestHook<PostContext<Config>>>;
  /** Last before the request goes to the upstream; not for a response from the cache or a mock. */
  readonly post?: HookOrTable<RequestHook<PostContext<Config>>>;
  /** Functions by method and path, as one post hook: `FILE`, or `FILE:endpoints` where there is `post` too. */
  readonly endpoints?: Endpoints<Config>;
  /** With the upstream's whole response: it ends streaming for the APIs that call it. */
  readonly response?: HookOrTable<ResponseHook<Config>>;
  /** By the name of the event, such as `AuthFailure`: for `cp_dynamic_handler` in classic API definitions. */
  readonly events?: Readonly<Record<string, EventHandler>>;
}

/** A plugin as {@link defineTykPlugin} returns it. */
export interface TykPlugin<ConfigInput = unknown> {
  readonly [TYK_PLUGIN_STAMP]: TykPluginStamp<ConfigInput>;
}

/** `config` of a plugin that says nothing of it: the object in `config_data`, empty where there is none. */
export type TykConfig = Readonly<Record<string, unknown>>;

/**
 * Declares a plugin: the default export of its module. The type of `config` follows from the schema in `config`; without one it is the
 * type argument, which nothing checks when the plugin runs. The result is frozen: keep state in the module.
 *
 * @example
 * export default defineTykPlugin({
 *   config: { greeting: { type: "string", default: "hello" } },
 *   pre(request, { config }) {
 *     request.headers.set("X-Greeting", config.greeting);
 *   },
 *   authCheck(request, { deny, session }) {
 *     return request.headers.get("authorization") === "abc" ? session({ alias: "abc-session" }) : deny(403);
 *   },
 * });
 */
export function defineTykPlugin<const Schema extends ConfigSchema | StandardSchema>(
  definition: TykPluginDefinition<InferTykConfig<Schema>> & { readonly config: Schema },
): TykPlugin<TykConfigInput<Schema>>;
export function defineTykPlugin<Config extends object = TykConfig>(
  definition: TykPluginDefinition<Config> & { readonly config?: undefined },
): TykPlugin<Config>;
export function defineTykPlugin(definition: object): TykPlugin {
  const stamp: TykPluginStamp = Object.freeze({ apiVersion: 1 });
  return Object.freeze({ ...definition, [TYK_PLUGIN_STAMP]: stamp });
}
