// Makes a plugin for Tyk of one for Kong: which hooks its phases are, and how its configuration is read.
import { checkConfig, parseConfig, withNewDefaults } from "../../../gateways/kong/schema/index.js";
import type { Phase } from "../../../gateways/kong/pdk/index.js";
import type { KongDefinition } from "../../../gateways/kong/worker/index.js";
import { TykError } from "../../../gateways/tyk/api/index.js";
import type { AdaptedFunction, BoundConfig, TykDefinition } from "../../../gateways/tyk/worker/index.js";
import { ApiHooks } from "./api-hooks.js";
import { BoundPlugin, type SharedParts } from "./bound-plugin.js";

const REQUEST_HOOKS = [
  ["pre", "rewrite"],
  ["authCheck", "access"],
  ["postAuthCheck", "access"],
  ["post", "access"],
] as const satisfies readonly (readonly [string, Phase])[];

/** The functions that Tyk may call in a plugin with these phases: `pre/pre`, as a hook that is one function is called. */
export function tykFunctions(phases: readonly Phase[]): string[] {
  const hooks = REQUEST_HOOKS.filter(([, phase]) => phases.includes(phase)).map(([kind]) => `${kind}/${kind}`);
  const hasResponse = hooks.length > 0 || phases.includes("response") || phases.includes("log");
  return hasResponse ? [...hooks, "response/response"] : hooks;
}

/** `fallbackName` is that of its file or folder. */
export function tykForm(definition: KongDefinition, fallbackName: string): TykDefinition {
  const { name = fallbackName, version, timeout, isolation, init, dispose } = definition;
  const shared: SharedParts = { hooks: new ApiHooks(name), key: undefined };
  return {
    name,
    version,
    ...(timeout === undefined ? {} : { timeout }),
    ...(isolation === undefined ? {} : { isolation }),
    ...(init === undefined ? {} : { init }),
    ...(dispose === undefined ? {} : { dispose }),
    functions: functionsOf(definition),
    readConfig: (text) => readConfig(text, definition, name, shared),
  };
}

function functionsOf({ phases }: KongDefinition): Map<string, AdaptedFunction> {
  const served = new Set(tykFunctions(phases));
  const functions = new Map<string, AdaptedFunction>();
  for (const [kind, phase] of REQUEST_HOOKS)
    if (served.has(`${kind}/${kind}`))
      functions.set(`${kind}/${kind}`, {
        kind,
        adaptedRequest: (request, context, call) => pluginOf(context.config).request(phase, request, context, call),
      });
  if (served.has("response/response"))
    functions.set("response/response", {
      kind: "response",
      adaptedResponse: (response, context, call) => pluginOf(context.config).response(response, context, call),
    });
  if (phases.includes("log"))
    functions.set("log", { kind: "events", adaptedLog: (state, config, log) => pluginOf(config).log(state, log) });
  return functions;
}

function pluginOf(config: unknown): BoundPlugin {
  if (config instanceof BoundPlugin) return config;
  throw new Error("the plugin is not bound to a configuration");
}

const CONFIG_DATA = "config_data of the API definition";

/**
 * The plugin's fields stand in `config_data`, or in an object there that has the plugin's name, where several plugins share it. What
 * Kong would fill in is filled in.
 * @throws {TykError} `TYK_CONFIG_INVALID`
 */
function readConfig(text: string, definition: KongDefinition, name: string, shared: SharedParts): BoundConfig {
  const data = parseConfig(text === "null" ? "{}" : text);
  if (data === undefined) throw new TykError("TYK_CONFIG_INVALID", CONFIG_DATA, "it is no JSON object");
  const own = Object.hasOwn(data, name) ? parseConfig(JSON.stringify(data[name])) : undefined;
  const config = withNewDefaults([], definition.fields, own ?? fieldsOf(definition.fields, data));
  const problems = checkConfig(definition.fields, config);
  if (problems.length > 0)
    throw new TykError("TYK_CONFIG_INVALID", CONFIG_DATA, problems.map(({ path, reason }) => `${path} ${reason}`).join("; "));
  const path = data["listen_path"];
  const listenPath = typeof path === "string" ? path : undefined;
  return { config: new BoundPlugin({ definition, name, config, listenPath, shared }), listenPath };
}

/** `config_data` is all plugins' of the API. */
function fieldsOf(fields: readonly unknown[], data: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const names = fields.flatMap((field) => (typeof field === "object" && field !== null ? Object.keys(field) : []));
  return Object.fromEntries(names.filter((name) => Object.hasOwn(data, name)).map((name) => [name, data[name]]));
}
