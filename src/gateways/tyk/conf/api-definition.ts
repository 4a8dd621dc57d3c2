// Writes the part of an API definition that names hooks, in the classic and in the OAS form.
import type { TykRelease } from "../releases/index.js";
import type { HookChain } from "./hooks.js";

/** For every API definition that is to have these hooks. */
export function apiDefinition(chain: HookChain, release: TykRelease, form: "classic" | "oas"): Readonly<Record<string, unknown>> {
  return form === "classic" ? classic(chain, release) : oas(chain, release);
}

function classic(chain: HookChain, { customPluginAuth }: TykRelease): Readonly<Record<string, unknown>> {
  const [auth] = chain.authCheck;
  const named = (names: readonly string[]): object[] => names.map((name) => ({ name }));
  return {
    ...(auth === undefined
      ? {}
      : {
          use_keyless: false,
          enable_coprocess_auth: true,
          ...(customPluginAuth ? { custom_plugin_auth_enabled: true } : {}),
        }),
    custom_middleware: {
      pre: named(chain.pre),
      ...(auth === undefined ? {} : { auth_check: { name: auth } }),
      post_key_auth: named(chain.postAuthCheck),
      post: named(chain.post),
      response: named(chain.response),
      driver: "grpc",
    },
    ...(chain.events.length === 0 ? {} : { event_handlers: { events: eventHandlers(chain.events) } }),
  };
}

/** The name of a handler ends in the event's own: `FILE:AuthFailure`. */
function eventHandlers(names: readonly string[]): Readonly<Record<string, readonly object[]>> {
  const handlers = new Map<string, object[]>();
  for (const name of names) {
    const event = name.slice(name.lastIndexOf(":") + 1);
    const handler = { handler_name: "cp_dynamic_handler", handler_meta: { name } };
    handlers.set(event, [...(handlers.get(event) ?? []), handler]);
  }
  return Object.fromEntries(handlers);
}

function oas(chain: HookChain, { oasPlugins }: TykRelease): Readonly<Record<string, unknown>> {
  const [auth] = chain.authCheck;
  const stages = [
    ["prePlugin", chain.pre],
    ["postAuthenticationPlugin", chain.postAuthCheck],
    ["postPlugin", chain.post],
    ["responsePlugin", chain.response],
  ] as const;
  const lists = stages.flatMap(([stage, names]): [string, unknown][] => {
    const plugins = names.map((functionName) => ({ enabled: true, functionName }));
    if (plugins.length === 0) return [];
    return [oasPlugins === "lists" ? [`${stage}s`, plugins] : [stage, { plugins }]];
  });
  const authentication = {
    enabled: true,
    custom: { enabled: true, config: { enabled: true, functionName: auth } },
  };
  return {
    "x-tyk-api-gateway": {
      ...(auth === undefined ? {} : { server: { authentication } }),
      middleware: { global: { pluginConfig: { driver: "grpc" }, ...Object.fromEntries(lists) } },
    },
  };
}
