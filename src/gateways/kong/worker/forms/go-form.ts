// Adapts the Go style: an exported `New()` makes an object whose fields are the configuration and whose methods are the phases.
import { PHASES, type Phase } from "../../pdk/index.js";
import { assignConfig, configFields } from "./go-config.js";
import { parseFaultRules } from "./fault-rules.js";
import { findLifeCycle } from "./life-cycle.js";
import {
  findIgnoredPhases,
  findPhases,
  isObject,
  isPhase,
  parseName,
  parsePdkVersion,
  parsePriority,
  parseVersion,
  show,
} from "./module-values.js";
import { type Exports, missedHandlers, missedNames, withNearMisses } from "./near-misses.js";
import type { PhaseHandlers, KongDefinition } from "./plugin-definition.js";
import { PluginFormError } from "./plugin-form-error.js";

type Instance = Record<string, unknown>;
type Constructor = () => unknown;
type Method = (this: Instance, kong: unknown) => unknown;

const NAMES = ["Name", "Version", "Priority", "PdkVersion", "Timeout", "OnError", "Isolation"];

export function adaptGo(module: Exports, elsewhere: readonly Exports[]): KongDefinition {
  const { New: construct } = module;
  if (typeof construct !== "function") throw new PluginFormError(`New must be a function, not ${show(construct)}`);
  const sample = newInstance(construct as Constructor);
  const shown = (name: string): string => `the export "${name}"`;
  const place = (name: string): string => `beside "New" as "${name}"`;
  const missed = missedNames({ from: module, names: NAMES, elsewhere, shown, place });
  const handlers = missedHandlers(
    sample,
    (name) => isPhase(name.toLowerCase()) && methodOf(sample, name.toLowerCase()) !== undefined,
  );
  return withNearMisses([...missed, ...handlers], () => define(module, construct as Constructor, sample));
}

function define(module: Exports, construct: Constructor, sample: Instance): KongDefinition {
  const name = parseName(module["Name"], "Name");
  const pdkVersion = parsePdkVersion(module["PdkVersion"], "PdkVersion");
  return {
    form: "go",
    ...(name === undefined ? {} : { name }),
    version: parseVersion(module["Version"], "Version"),
    priority: parsePriority(module["Priority"], "Priority"),
    phases: findPhases(
      (phase) => methodOf(sample, phase) !== undefined,
      "give the object that New() returns a method such as Access(kong)",
    ),
    ...findIgnoredPhases((phase) => typeof sample[phase] === "function"),
    fields: configFields(sample),
    ...(pdkVersion === undefined ? {} : { pdkVersion }),
    ...parseFaultRules(module, { timeout: "Timeout", onError: "OnError", isolation: "Isolation" }),
    ...findLifeCycle(module, { init: ["Init", "init"], dispose: ["Dispose", "dispose"] }),
    bodies: "buffer",
    createInstance: (config) => {
      const instance = newInstance(construct);
      assignConfig(instance, config);
      return bindMethods(instance);
    },
  };
}

function newInstance(construct: Constructor): Instance {
  const instance = construct();
  if (instance instanceof Promise) throw new PluginFormError("New() must return the object itself, not a promise of it");
  if (!isObject(instance) || Array.isArray(instance))
    throw new PluginFormError(`New() must return an object, not ${show(instance)}`);
  return instance;
}

function bindMethods(instance: Instance): PhaseHandlers {
  const handlers: { [P in Phase]?: (kong: unknown) => unknown } = {};
  for (const phase of PHASES) {
    const method = methodOf(instance, phase);
    if (method !== undefined) handlers[phase] = (kong) => method.call(instance, kong);
  }
  return handlers;
}

/** Go's spelling comes first. A field may carry the other one: `{ log: true, Log(kong) {} }`. */
function methodOf(instance: Instance, phase: string): Method | undefined {
  const goName = `${phase.charAt(0).toUpperCase()}${phase.slice(1)}`;
  return [instance[goName], instance[phase]].find((value): value is Method => typeof value === "function");
}
