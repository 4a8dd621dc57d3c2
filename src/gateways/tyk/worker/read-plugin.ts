// Reads the plugin that a module is: its default export, made with `defineTykPlugin`. What is not understood is refused.
import { isRecord } from "../../../core/model/index.js";
import { lifeCycleOf } from "../../../core/worker/index.js";
import { TYK_PLUGIN_STAMP, TykError } from "../api/index.js";
import { ENDPOINTS, type HookKind, hookFunction } from "../messages/index.js";
import { configReader } from "./config/config-reader.js";
import type { PluginFunction, TykDefinition } from "./definition.js";
import { type Handler, readEndpoints } from "./calls/endpoints.js";
import { showShort } from "./http/http-rules.js";

/** The namespace, its default, and the default of that: what TypeScript makes of a CommonJS module of a CommonJS module. */
const MAX_LEVELS = 3;
/** Seconds. */
const MAX_TIMEOUT = 3600;
const VERSION = "0.0.0";

/** Each name that a plugin may give its hooks, and the kind that it is. */
const HOOKS: ReadonlyMap<string, HookKind> = new Map([
  ["pre", "pre"],
  ["authCheck", "authCheck"],
  ["auth_check", "authCheck"],
  ["postAuthCheck", "postAuthCheck"],
  ["post_key_auth", "postAuthCheck"],
  ["postKeyAuth", "postAuthCheck"],
  ["post_auth_check", "postAuthCheck"],
  ["post", "post"],
  ["response", "response"],
]);
const OTHERS = ["name", "version", "timeout", "isolation", "config", "init", "dispose", "endpoints", "events"];
/** A colon parts a plugin's name from a function's. */
const FUNCTION_NAME = /^[\w$][\w$.-]*$/;

type Fields = Readonly<Record<PropertyKey, unknown>>;

const invalid = (subject: string, reason: string): TykError => new TykError("TYK_PLUGIN_INVALID", subject, reason);

/**
 * @param moduleExports the namespace of an ES module, or `module.exports`.
 * @throws {TykError} `TYK_PLUGIN_INVALID` where it is no plugin for this gateway.
 */
export function readPlugin(moduleExports: unknown): TykDefinition {
  const plugin = findPlugin(moduleExports);
  if (plugin === undefined)
    throw invalid("the module", 'it has no default export made with defineTykPlugin() of "pluginserver/tyk"');
  for (const key of Object.keys(plugin))
    if (!HOOKS.has(key) && !OTHERS.includes(key))
      throw invalid(showShort(key), `defineTykPlugin() takes ${[...HOOKS.keys(), ...OTHERS].join(", ")}${alike(key)}`);
  const functions = findFunctions(plugin);
  if (functions.size === 0)
    throw invalid("the module", "it has no hook: give defineTykPlugin() one, such as pre(request, context)");
  return {
    ...optional("name", plugin["name"], isName, "text without a colon"),
    version:
      plugin["version"] === undefined ? VERSION : (optional("version", plugin["version"], isText, "text").version as string),
    ...optional("timeout", plugin["timeout"], isTimeout, `seconds up to ${MAX_TIMEOUT}`),
    ...optional("isolation", plugin["isolation"], isIsolation, '"thread" or "process"'),
    ...lifeCycle(plugin),
    functions,
    readConfig: configReader(plugin["config"]),
  };
}

/** Whether a module is made with `defineTykPlugin`, whatever else may be wrong with it. */
export const isTykPlugin = (moduleExports: unknown): boolean => findPlugin(moduleExports) !== undefined;

function findPlugin(moduleExports: unknown): Fields | undefined {
  let value = moduleExports;
  for (let level = 0; level < MAX_LEVELS && isRecord(value); level += 1) {
    if (Object.hasOwn(value, TYK_PLUGIN_STAMP)) return value;
    value = value["default"];
  }
  return undefined;
}

function findFunctions(plugin: Fields): Map<string, PluginFunction> {
  const functions = new Map<string, PluginFunction>();
  const taken = new Map<HookKind, string>();
  for (const [key, kind] of HOOKS) {
    const hook = plugin[key];
    if (hook === undefined) continue;
    const other = taken.get(kind);
    if (other !== undefined) throw invalid(key, `it is the same hook as ${other}: give one of them`);
    taken.set(kind, key);
    for (const [name, handler] of handlersOf(hook, key, kind))
      functions.set(hookFunction(kind, name), { kind, handler: bound(handler, plugin) });
  }
  if (plugin["endpoints"] !== undefined) addEndpoints(functions, plugin);
  const events = plugin["events"];
  if (events === undefined) return functions;
  if (!isRecord(events))
    throw invalid("events", `functions by the name of the event, such as AuthFailure, not ${showShort(events)}`);
  for (const [name, handler] of handlersOf(events, "events", "events"))
    functions.set(hookFunction("events", name), { kind: "events", handler: bound(handler, plugin) });
  return functions;
}

function addEndpoints(functions: Map<string, PluginFunction>, plugin: Fields): void {
  const name = hookFunction("post", ENDPOINTS);
  if (functions.has(name)) throw invalid(`post.${ENDPOINTS}`, "it has the name of the hook that endpoints are: give it another");
  const endpoints = readEndpoints(plugin["endpoints"]).map((route) => ({ ...route, handler: bound(route.handler, plugin) }));
  functions.set(name, { kind: "post", endpoints });
}

/** Handlers are called with the plugin as `this`. */
const bound =
  (handler: Handler, plugin: Fields): Handler =>
  (subject, context) =>
    handler.call(plugin, subject, context);

function handlersOf(hook: unknown, key: string, kind: HookKind): readonly (readonly [string, Handler])[] {
  if (typeof hook === "function") return [[kind, hook as Handler]];
  if (!isRecord(hook)) throw invalid(key, `a function, or functions by name, not ${showShort(hook)}`);
  return Object.entries(hook).map(([name, handler]) => {
    if (!FUNCTION_NAME.test(name))
      throw invalid(`${key}[${showShort(name)}]`, "a function's name has letters, digits and _ $ . - alone");
    if (typeof handler !== "function") throw invalid(`${key}.${name}`, `a function, not ${showShort(handler)}`);
    return [name, handler as Handler] as const;
  });
}

function lifeCycle({ init, dispose }: Fields): Pick<TykDefinition, "init" | "dispose"> {
  if (init !== undefined && typeof init !== "function") throw invalid("init", `a function, not ${showShort(init)}`);
  if (dispose !== undefined && typeof dispose !== "function") throw invalid("dispose", `a function, not ${showShort(dispose)}`);
  return lifeCycleOf({
    init: init === undefined ? undefined : (context): unknown => Reflect.apply(init, undefined, [context]),
    dispose: dispose === undefined ? undefined : (): unknown => Reflect.apply(dispose, undefined, []),
  });
}

function optional<Name extends string, Value>(
  name: Name,
  value: unknown,
  is: (value: unknown) => value is Value,
  wanted: string,
): { readonly [Key in Name]?: Value } {
  if (value === undefined) return {};
  if (!is(value)) throw invalid(name, `${wanted}, not ${showShort(value)}`);
  return { [name]: value } as { readonly [Key in Name]: Value };
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
const isName = (value: unknown): value is string => isText(value) && !value.includes(":");
const isTimeout = (value: unknown): value is number => typeof value === "number" && value > 0 && value <= MAX_TIMEOUT;
const isIsolation = (value: unknown): value is "thread" | "process" => value === "thread" || value === "process";

/** `authcheck` is `authCheck`. */
function alike(key: string): string {
  const plain = (text: string): string => text.replaceAll("_", "").toLowerCase();
  const known = [...HOOKS.keys(), ...OTHERS].find((name) => plain(name) === plain(key));
  return known === undefined ? "" : `: it is ${known}`;
}
