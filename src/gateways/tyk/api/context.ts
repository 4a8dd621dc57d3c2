// Owns what hooks get beside the request or response: how they end it, and what they can know and use.
import type { TykApi } from "./api-definition.js";
import type { TykRequestView } from "./request.js";
import type { NewSession, Session } from "./session.js";

declare const RESULT: unique symbol;

/** Ends the request where a hook returns it: made by `respond` and `deny`. */
export interface EarlyReply {
  readonly [RESULT]: "reply";
}

/** Accepts the request's key where `authCheck` returns it: made by `session`. */
export interface AcceptedSession {
  readonly [RESULT]: "session";
}

/** Headers of an early reply: one value for each name. */
export type ReplyHeaders = Readonly<Record<string, string | number>> | Iterable<readonly [name: string, value: string]>;

/**
 * Ends the request with this response, which nothing of the gateway changes; no later hook runs, response hooks included. Return what
 * it returns.
 *
 * @param status from 200 to 599.
 * @param body text or UTF-8 bytes as they are, `text/plain` by default; anything else as JSON; left out for an empty one.
 * @throws {TykError} `TYK_NOT_CARRIED` for bytes that are not UTF-8, since early replies are text in the gateway's messages, for more
 * than one value of a header, and for headers that belong to the connection; `TYK_BAD_ARGUMENT` for other wrong arguments.
 *
 * @example
 * return respond(200, { current_time: new Date() });
 */
export type Respond = (status: number, body?: unknown, headers?: ReplyHeaders) => EarlyReply;

/**
 * Ends the request with the gateway's own error page, and fires the event `AuthFailure`, whatever the hook: for anything that is no
 * refusal use `respond`. Return what it returns.
 *
 * @param status from 400 to 599; 403 by default.
 * @param message the text in the error page; `Key not authorised` by default. An apostrophe becomes ’: after one of ASCII the gateway's page
 * would be no JSON. In a page in XML, which requests in XML get, markup is escaped.
 * @param headers beside the page's own `Content-Type`.
 * @throws {TykError} `TYK_BAD_ARGUMENT`; `TYK_NOT_CARRIED` as `respond`, and for `Content-Type`.
 */
export type Deny = (status?: number, message?: string, headers?: ReplyHeaders) => EarlyReply;

/**
 * Accepts the request's key. Return what it returns. The gateway writes the session to Redis under its token, for `session_lifetime`
 * seconds: `cacheFor` by default, and an hour at least, and as long as the quota runs.
 *
 * @throws {TykError} `TYK_BAD_ARGUMENT` for a field of another name or type, for times in milliseconds, for a `rate` without `per`;
 * `TYK_NO_TOKEN` where there is neither `token` nor an `Authorization` header; `TYK_NOT_CARRIED` for `org_id`, which is the API's.
 *
 * @example
 * return session({ alias: "abc-session", rate: 100, per: 1, cacheFor: "60s" });
 */
export type AcceptSession = (session?: NewSession) => AcceptedSession;

/** Writes a line to the server's log, with the hook, the API's id and that of its organisation. */
export type LogFunction = (message: string, details?: Readonly<Record<string, unknown>> | Error) => void;

export interface TykLog {
  readonly debug: LogFunction;
  readonly info: LogFunction;
  readonly warn: LogFunction;
  readonly error: LogFunction;
}

/** What every call has. */
export interface CallContext {
  readonly api: TykApi;
  readonly log: TykLog;
  /**
   * Aborts when the client has left (gateways since 5.11), the deadline has passed or the server goes down: pass it to what takes
   * long, such as `fetch`. Its reason is a {@link TykError} `TYK_CALL_CANCELLED`.
   */
  readonly signal: AbortSignal;
  /** The call's `traceparent` as in W3C Trace Context; `undefined` without OpenTelemetry in the gateway (since 5.11). */
  readonly trace: string | undefined;
}

interface HookContext<Config> extends CallContext {
  /** `config_data` of the API definition, parsed, checked by the plugin's schema, and frozen. */
  readonly config: Config;
}

interface RequestHookContext<Config> extends HookContext<Config> {
  readonly respond: Respond;
  readonly deny: Deny;
}

export interface PreContext<Config> extends RequestHookContext<Config> {
  /** No key has been looked at yet. */
  readonly session: undefined;
}

export interface AuthCheckContext<Config> extends RequestHookContext<Config> {
  readonly session: AcceptSession;
}

export interface PostContext<Config> extends RequestHookContext<Config> {
  /** Of the request's key, to be read only; `undefined` on a keyless API and on a path that needs no key. */
  readonly session: Session | undefined;
}

export interface EndpointContext<Config> extends PostContext<Config> {
  /** What `{name}` stands for in the pattern, decoded; `*` has the rest of the path. */
  readonly params: Readonly<Record<string, string>>;
}

export interface ResponseContext<Config> extends HookContext<Config> {
  readonly session: Session | undefined;
  /** As it was sent to the upstream. */
  readonly request: TykRequestView;
}

/** What the gateway says of something that happened. */
export interface TykEvent {
  /** Such as `AuthFailure`. */
  readonly type: string;
  /** In words. */
  readonly message: string;
  /** The path that was asked for; `undefined` for events without a request, as the next three. */
  readonly path: string | undefined;
  /** The client's address. */
  readonly origin: string | undefined;
  /** The key that was used. */
  readonly key: string | undefined;
  /** The client's request as it came. */
  readonly originatingRequest: Buffer | undefined;
  /** As the gateway writes it. */
  readonly timestamp: string;
  /** Everything that the gateway says, which differs from event to event. */
  readonly meta: Readonly<Record<string, unknown>>;
}
