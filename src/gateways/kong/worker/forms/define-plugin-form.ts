// Adapts the form we teach: a default export made with `definePlugin`.
import { PHASES, PLUGIN_STAMP, type Phase } from "../../pdk/index.js";
import { parseFaultRules } from "./fault-rules.js";
import { findLifeCycle } from "./life-cycle.js";
import {
  findIgnoredPhases,
  findPhases,
  isObject,
  isPhase,
  parseFields,
  parseName,
  parsePdkVersion,
  parsePriority,
  parseVersion,
  show,
} from "./module-values.js";
import { type Exports, missedHandlers, missedNames, withNearMisses } from "./near-misses.js";
import type { PhaseHandlers, KongDefinition } from "./plugin-definition.js";
import { PluginFormError } from "./plugin-form-error.js";

type Handler = (kong: unknown, config: unknown) => unknown;

const NAMES = ["name", "version", "priority", "timeout", "onError", "isolation", "schema"];

export function adaptDefinePlugin(plugin: Exports, elsewhere: readonly Exports[]): KongDefinition {
  const shown = (name: string): string => `"${name}" in definePlugin()`;
  const place = (name: string): string => `into definePlugin() as "${name}"`;
  const missed = missedNames({ from: plugin, names: NAMES, elsewhere, shown, place });
  const handlers = missedHandlers(plugin, (name) => isPhase(name) && plugin[name] !== undefined);
  return withNearMisses([...missed, ...handlers], () => define(plugin));
}

function define(plugin: Exports): KongDefinition {
  const stamp = plugin[PLUGIN_STAMP];
  const name = parseName(plugin["name"], "name");
  const pdkVersion = isObject(stamp) ? parsePdkVersion(stamp["pdkVersion"], "the PDK version") : undefined;
  const handlers = findHandlers(plugin);
  return {
    form: "define-plugin",
    ...(name === undefined ? {} : { name }),
    version: parseVersion(plugin["version"], "version"),
    priority: parsePriority(plugin["priority"], "priority"),
    ...findIgnoredPhases((phase) => typeof plugin[phase] === "function"),
    phases: findPhases((phase) => handlers.has(phase), "give definePlugin() a handler such as access(kong, config)"),
    fields: parseFields(plugin["schema"], "schema"),
    ...(pdkVersion === undefined ? {} : { pdkVersion }),
    ...parseFaultRules(plugin, { timeout: "timeout", onError: "onError", isolation: "isolation" }),
    ...findLifeCycle(plugin, { init: ["init"], dispose: ["dispose"] }),
    bodies: "buffer",
    createInstance: (config) => bindHandlers(handlers, plugin, config),
  };
}

function findHandlers(plugin: Record<PropertyKey, unknown>): Map<Phase, Handler> {
  const handlers = new Map<Phase, Handler>();
  for (const phase of PHASES) {
    const handler = plugin[phase];
    if (typeof handler === "function") handlers.set(phase, handler as Handler);
    else if (handler !== undefined) throw new PluginFormError(`${phase} must be a function, not ${show(handler)}`);
  }
  return handlers;
}

function bindHandlers(handlers: ReadonlyMap<Phase, Handler>, plugin: unknown, config: unknown): PhaseHandlers {
  return Object.fromEntries(
    [...handlers].map(([phase, handler]) => [phase, (kong: unknown) => handler.call(plugin, kong, config)]),
  );
}
