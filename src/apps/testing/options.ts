// What a test says about the world around its plugin.
import type { KongVersion } from "../../gateways/kong/pdk-functions/index.js";
import type { IsOptional } from "./config-input.js";
import type { HeadersInput, TestBody, UpstreamRequest } from "./messages.js";

/** What the client sends. */
export interface TestRequest {
  /** `GET`. */
  readonly method?: string;
  /** With a query or without: `/items?page=2`. `/`. */
  readonly path?: string;
  /** In place of `path`, with scheme, host and port: `https://example.com/items?page=2`. */
  readonly url?: string | URL;
  /** Added to the query of `path` or `url`. `true` is a name without a value. */
  readonly query?: Readonly<Record<string, string | number | true | readonly string[]>>;
  /** The Host header is that of `url`, or `localhost`. */
  readonly headers?: HeadersInput;
  /** An object is sent as JSON, `URLSearchParams` as a form; a Content-Type of `headers` counts more. */
  readonly body?: TestBody;
  /** `1.1`. */
  readonly httpVersion?: string;
  /** Where the client is: 127.0.0.1, port 40000. */
  readonly client?: { readonly ip?: string; readonly port?: number };
}

/** What the service answers. */
export interface UpstreamResponse {
  /** 200. */
  readonly status?: number;
  /** None. */
  readonly headers?: HeadersInput;
  /** Empty. An object is sent as JSON. */
  readonly body?: TestBody;
}

/**
 * The service: what it answers, or how it answers what. `"refused"` is a service that is not there (the gateway answers 502),
 * `"timeout"` one that does not answer (504). What the function throws, `run()` throws: an `expect` may stand in it.
 */
export type Upstream =
  UpstreamAnswer | ((request: UpstreamRequest) => UpstreamAnswer | undefined | Promise<UpstreamAnswer | undefined>);

export type UpstreamAnswer = UpstreamResponse | "refused" | "timeout";

/** A route, in Kong's own spelling. */
export interface TestRoute {
  readonly id?: string;
  readonly name?: string;
  /** `["/"]`. A path that starts with `~` is a regular expression. */
  readonly paths?: readonly string[];
  readonly methods?: readonly string[];
  readonly hosts?: readonly string[];
  readonly protocols?: readonly string[];
  readonly strip_path?: boolean;
  readonly preserve_host?: boolean;
  readonly regex_priority?: number;
  readonly request_buffering?: boolean;
  readonly response_buffering?: boolean;
  readonly tags?: readonly string[];
}

/** A service, in Kong's own spelling. */
export interface TestService {
  readonly id?: string;
  readonly name?: string;
  /** `http://service.test`. */
  readonly url?: string;
  readonly protocol?: "http" | "https";
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  readonly retries?: number;
  readonly connect_timeout?: number;
  readonly write_timeout?: number;
  readonly read_timeout?: number;
  readonly enabled?: boolean;
  readonly tags?: readonly string[];
}

/** A consumer, in Kong's own spelling: `username` or `custom_id` is needed. */
export interface TestConsumer {
  readonly id?: string;
  readonly username?: string;
  readonly custom_id?: string;
  readonly tags?: readonly string[];
}

/** What the gateway of the test is to answer to one PDK function: a value, or a function of the plugin's arguments. */
export type PdkStub = unknown;

/** Everything but the configuration, which is the option `config`. */
export interface TestSettings {
  /** What the client sends: `GET /`. */
  readonly request?: TestRequest;
  /** What the service answers: 200 with an empty body. */
  readonly upstream?: Upstream;
  /** Who has been authenticated, by a plugin that ran before this one. */
  readonly consumer?: TestConsumer;
  /** With what: what `kong.client.getCredential()` gives. */
  readonly credential?: Readonly<Record<string, unknown>>;
  /** More consumers that the gateway knows, for `kong.client.loadConsumer()`. */
  readonly consumers?: readonly TestConsumer[];
  /** The route that the request has to match. */
  readonly route?: TestRoute;
  /** The service of the route; `null` for none (503). */
  readonly service?: TestService | null;
  /** Upstreams of the gateway, for `kong.service.setUpstream()`: `{ spare: ["10.0.0.7:8080"] }`. */
  readonly upstreams?: Readonly<Record<string, readonly string[]>>;
  /** What other plugins put into `kong.ctx.shared` before. */
  readonly shared?: Readonly<Record<string, unknown>>;
  /** Whose forwarding headers count: this machine's. */
  readonly trustedNetworks?: readonly string[];
  /**
   * Answers in place of the gateway's own, by the function's name: for what is not in the test's gateway, such as
   * `{ "kong.vault.get": (reference) => "secret" }`.
   */
  readonly pdk?: Readonly<Record<`kong.${string}`, PdkStub>>;
  /**
   * Whose PDK the gateway has, from `2.0` on: which functions there are, in which phases they may be called, and what is an error
   * rather than `undefined`, as recorded of 2.0, 2.2, 2.3, 2.8, 3.1, 3.4, 3.8 and 3.9; a version between is taken for the one
   * before it. The newest.
   */
  readonly kongVersion?: KongVersion;
  /** The plugin's name where its module states none: that of its file, or `plugin`. */
  readonly name?: string;
}

/** What {@link testPlugin} takes. */
export type TestOptions<Config> = TestSettings &
  (IsOptional<Config> extends true
    ? {
        /** The configuration, as an operator would write it. */
        readonly config?: Config;
      }
    : {
        /** The configuration, as an operator would write it. */
        readonly config: Config;
      });
