// Finds what a plugin does once in each isolate: at its beginning and at its end.
import { lifeCycleOf, type PluginLifeCycle } from "../../../../core/worker/index.js";
import { show } from "./module-values.js";
import { PluginFormError } from "./plugin-form-error.js";

/** `names`: how the form spells them, the first that is there counts. They are called with the module as `this`. */
export function findLifeCycle(
  module: Record<PropertyKey, unknown>,
  names: { readonly init: readonly string[]; readonly dispose: readonly string[] },
): PluginLifeCycle {
  return lifeCycleOf({ init: find(module, names.init), dispose: find(module, names.dispose) });
}

function find(
  module: Record<PropertyKey, unknown>,
  names: readonly string[],
): ((...context: readonly unknown[]) => unknown) | undefined {
  const name = names.find((candidate) => module[candidate] !== undefined && module[candidate] !== null);
  if (name === undefined) return undefined;
  const value = module[name];
  if (typeof value !== "function") throw new PluginFormError(`${name} must be a function, not ${show(value)}`);
  return (...context: readonly unknown[]) => Reflect.apply(value, module, context) as unknown;
}
