// Compiled, never run: what a hook gets follows from its kind and from the plugin's schema; what the gateway would drop does not compile.
import { expectTypeOf } from "vitest";
import {
  type AcceptedSession,
  type AcceptSession,
  type ApiDefinition,
  defineTykPlugin,
  type EarlyReply,
  type Session,
  type TykConfig,
  type TykEvent,
  type TykPlugin,
  type TykRequest,
  type TykRequestView,
  type TykResponse,
} from "../../src/gateways/tyk/api/index.js";

const plugin = defineTykPlugin({
  name: "everything",
  version: "1.0.0",
  timeout: 5,
  isolation: "process",
  config: {
    greeting: { type: "string", default: "hello" },
    mode: { type: "string", enum: ["fast", "safe"], required: true },
    limit: { type: "integer", minimum: 1 },
    levels: { type: "array", items: { type: "number", enum: [1, 2] }, required: true },
    redis: {
      type: "object",
      required: true,
      properties: { host: { type: "string", required: true }, port: { type: "integer" } },
    },
    weights: { type: "map", values: { type: "boolean" } },
    rest: { type: "any", required: true },
  },
  init({ log }) {
    log.info("ready", { at: new Date() });
  },
  pre(request, context) {
    expectTypeOf(request).toEqualTypeOf<TykRequest>();
    expectTypeOf(context.session).toEqualTypeOf<undefined>();
    expectTypeOf(context.config).toEqualTypeOf<{
      readonly greeting: string;
      readonly mode: "fast" | "safe";
      readonly limit?: number;
      readonly levels: readonly (1 | 2)[];
      readonly redis: { readonly host: string; readonly port?: number };
      readonly weights?: Readonly<Record<string, boolean>>;
      readonly rest: unknown;
    }>();
    // @ts-expect-error -- may be missing
    context.config.limit.toFixed();
    return request.query.get("x") === "1" ? context.respond(200, { ok: true }) : undefined;
  },
  authCheck(_request, context) {
    expectTypeOf(context.session).toEqualTypeOf<AcceptSession>();
    expectTypeOf(context.session()).toEqualTypeOf<AcceptedSession>();
    return context.session({ alias: "a", rate: 1, per: 1, cacheFor: "60s", metadata: { a: "b" } });
  },
  postAuthCheck: {
    limit(_request, context) {
      expectTypeOf(context.session).toEqualTypeOf<Session | undefined>();
      // @ts-expect-error -- the gateway takes a session from authCheck alone
      if (context.session !== undefined) context.session.alias = "x";
    },
    async other(_request, { deny, config }) {
      await Promise.resolve(config.greeting);
      return deny(403);
    },
  },
  post(request, { api, signal, trace }) {
    request.path = "/x";
    request.body = { a: 1 };
    expectTypeOf(request.body).toEqualTypeOf<Buffer>();
    expectTypeOf(request.json()).toEqualTypeOf<unknown>();
    expectTypeOf(api.definition()).toEqualTypeOf<Promise<ApiDefinition>>();
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
    expectTypeOf(trace).toEqualTypeOf<string | undefined>();
  },
  response(response, context) {
    expectTypeOf(response).toEqualTypeOf<TykResponse>();
    expectTypeOf(context.request).toEqualTypeOf<TykRequestView>();
    response.headers.append("Set-Cookie", "a=1");
    // @ts-expect-error -- it has been sent
    context.request.path = "/x";
    expectTypeOf(context.request.headers).not.toHaveProperty("set");
    expectTypeOf(context).not.toHaveProperty("respond");
  },
  endpoints: {
    "GET /items/{id}": (_request, { params, respond, config }) => respond(200, { id: params["id"], greeting: config.greeting }),
    "* /bar": () => {},
  },
  events: {
    AuthFailure(event, context) {
      expectTypeOf(event).toEqualTypeOf<TykEvent>();
      expectTypeOf(context).not.toHaveProperty("respond");
    },
  },
});
expectTypeOf(plugin).toExtend<TykPlugin>();

// Without a schema the type argument says what it is, and nothing checks it.
defineTykPlugin<{ greeting: string }>({
  pre(_request, { config }) {
    expectTypeOf(config).toEqualTypeOf<{ greeting: string }>();
  },
});
defineTykPlugin({
  pre(_request, { config }) {
    expectTypeOf(config).toEqualTypeOf<TykConfig>();
  },
  auth_check: (_request, { deny }) => deny(),
  post_key_auth() {},
});

// A schema of a library brings its own type.
declare const schema: {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => unknown;
    readonly types?: { readonly input: unknown; readonly output: { level: number } } | undefined;
  };
};
defineTykPlugin({
  config: schema,
  post(_request, { config }) {
    expectTypeOf(config).toEqualTypeOf<{ level: number }>();
  },
});

defineTykPlugin({
  // @ts-expect-error -- it must accept or refuse
  authCheck(_request, { deny }) {
    deny(403);
  },
});
defineTykPlugin({
  // @ts-expect-error -- what a hook returns is made by respond() or deny()
  pre: () => ({ status: 200 }),
});
defineTykPlugin({
  authCheck: (_request, { session }) =>
    session({
      // @ts-expect-error -- Tyk's own spelling
      quotaMax: 1,
    }),
});
defineTykPlugin({
  pre(request) {
    // @ts-expect-error -- one value for each name
    request.headers.set("a", ["b", "c"]);
    // @ts-expect-error -- the client's
    request.requestUri = "/x";
  },
});

/** Hooks may be declared before the plugin. */
const stop = (_request: TykRequest, { respond }: { respond: (status: number) => EarlyReply }): EarlyReply => respond(403);
defineTykPlugin({ pre: stop, post: { stop } });
