// Says what of an API the stand-in knows: the parts of a definition that decide which hooks are called, and when.
export interface Hook {
  /** `hook_name`. */
  readonly name: string;
  readonly rawBodyOnly?: boolean;
}

export interface IdExtractor {
  readonly from: "header" | "form" | "body";
  readonly with: "value" | "regex";
  readonly headerName?: string;
  readonly formParameter?: string;
  readonly expression?: string;
  readonly matchIndex?: number;
}

export interface StandinApi {
  readonly id: string;
  readonly orgId: string;
  /** With a slash at both ends, or `/`. */
  readonly listenPath: string;
  readonly stripListenPath: boolean;
  readonly targetUrl: string;
  readonly keyless: boolean;
  /** Whether `enable_coprocess_auth` or `custom_plugin_auth_enabled` is on: without them auth_check is not called. */
  readonly customAuth: boolean;
  readonly driver: string;
  readonly pre: readonly Hook[];
  readonly authCheck?: Hook | undefined;
  readonly postKeyAuth: readonly Hook[];
  readonly post: readonly Hook[];
  readonly response: readonly Hook[];
  readonly idExtractor?: IdExtractor | undefined;
  readonly configData?: Readonly<Record<string, unknown>> | undefined;
  /** `custom_middleware_bundle`. */
  readonly bundle: string;
  /** Handlers of `cp_dynamic_handler`, by event. */
  readonly events: Readonly<Record<string, readonly string[]>>;
  /** Paths that need no key, without the listen path. */
  readonly ignored: readonly RegExp[];
  readonly rewrites: readonly UrlRewrite[];
  readonly mocks: readonly MockResponse[];
  /** Whether responses to GET and HEAD are kept. */
  readonly caches: boolean;
  /** `session_lifetime`, in seconds; 0 is for ever. */
  readonly sessionLifetime: number;
}

export interface UrlRewrite {
  /** Matched against path and query, without the listen path. */
  readonly pattern: RegExp;
  /** With `$1` for what the pattern's groups match: a path of the API's target, or an absolute URL. */
  readonly to: string;
}

/** As OAS definitions have them. Those of classic ones answer before any hook. */
export interface MockResponse {
  readonly path: RegExp;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A keyless API without hooks, where nothing else is said. */
export function describeApi(fields: Partial<StandinApi> & Pick<StandinApi, "targetUrl">): StandinApi {
  return {
    id: "test",
    orgId: "default",
    listenPath: "/",
    stripListenPath: true,
    keyless: true,
    customAuth: fields.authCheck !== undefined,
    driver: "grpc",
    pre: [],
    postKeyAuth: [],
    post: [],
    response: [],
    bundle: "",
    events: {},
    ignored: [],
    rewrites: [],
    mocks: [],
    caches: false,
    sessionLifetime: 0,
    ...fields,
  };
}
