// Adapts plugins written for kong-js-pdk: `module.exports = { Plugin, Name, Schema, Version, Priority }`.
import type { Phase } from "../../pdk/index.js";
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
} from "./module-values.js";
import { type Exports, missedHandlers, missedNames, withNearMisses } from "./near-misses.js";
import type { PhaseHandlers, KongDefinition } from "./plugin-definition.js";
import { PluginFormError } from "./plugin-form-error.js";

type PluginClass = new (config: Record<string, unknown>) => Record<string, unknown>;

const NAMES = ["Name", "Schema", "Version", "Priority", "PdkVersion", "Timeout", "OnError", "Isolation"];

export function adaptKongJsPdk(module: Exports, elsewhere: readonly Exports[], fileName: string): KongDefinition {
  const { Plugin } = module;
  const prototype = isObject(Plugin) ? Plugin["prototype"] : undefined;
  if (!isObject(prototype)) throw new PluginFormError("Plugin must be a class: new Plugin(config) makes an instance");
  const shown = (name: string): string => `the export "${name}"`;
  const place = (name: string): string => `beside "Plugin" as "${name}"`;
  const missed = missedNames({ from: module, names: NAMES, elsewhere, shown, place });
  const handlers = missedHandlers(prototype, (phase) => typeof prototype[phase] === "function" && isPhase(phase));
  return withNearMisses([...missed, ...handlers], () => define(module, prototype, fileName));
}

function define(module: Exports, prototype: Exports, fileName: string): KongDefinition {
  const { Plugin } = module;
  const pdkVersion = parsePdkVersion(module["PdkVersion"], "PdkVersion");
  const phases = findPhases(
    (phase) => typeof prototype[phase] === "function",
    "give the Plugin class a method such as access(kong)",
  );
  return {
    form: "kong-js-pdk",
    // kong-js-pdk lower-cases the name wherever it comes from; configurations in use have it that way.
    name: (parseName(module["Name"], "Name") ?? fileName).toLowerCase(),
    version: parseVersion(module["Version"], "Version"),
    priority: parsePriority(module["Priority"], "Priority"),
    phases,
    ...findIgnoredPhases((phase) => typeof prototype[phase] === "function"),
    fields: parseFields(module["Schema"], "Schema"),
    ...(pdkVersion === undefined ? {} : { pdkVersion }),
    ...parseFaultRules(module, { timeout: "Timeout", onError: "OnError", isolation: "Isolation" }),
    ...findLifeCycle(module, { init: ["init", "Init"], dispose: ["dispose", "Dispose"] }),
    bodies: "text",
    createInstance: (config) => bindMethods(phases, new (Plugin as PluginClass)(config)),
  };
}

/** Looks each method up when it is called: a plugin may replace its own. */
function bindMethods(phases: readonly Phase[], instance: Record<string, unknown>): PhaseHandlers {
  const call =
    (phase: Phase) =>
    (kong: unknown): unknown =>
      (instance[phase] as (kong: unknown) => unknown).call(instance, kong);
  return Object.fromEntries(phases.map((phase) => [phase, call(phase)]));
}
