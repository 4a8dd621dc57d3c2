// Finds what a plugin does once in each isolate: at its beginning and at its end.
import { show } from "./module-values.js";
import type { KongDefinition } from "./plugin-definition.js";
import { PluginFormError } from "./plugin-form-error.js";

type LifeCycle = Pick<KongDefinition, "init" | "dispose">;

/** `names`: how the form spells them, the first that is there counts. They are called with the module as `this`. */
export function findLifeCycle(
  module: Record<PropertyKey, unknown>,
  names: { readonly init: readonly string[]; readonly dispose: readonly string[] },
): LifeCycle {
  const [init, dispose] = [find(module, names.init), find(module, names.dispose)];
  return { ...(init === undefined ? {} : { init }), ...(dispose === undefined ? {} : { dispose }) };
}

function find(module: Record<PropertyKey, unknown>, names: readonly string[]): (() => unknown) | undefined {
  const name = names.find((candidate) => module[candidate] !== undefined && module[candidate] !== null);
  if (name === undefined) return undefined;
  const value = module[name];
  if (typeof value !== "function") throw new PluginFormError(`${name} must be a function, not ${show(value)}`);
  return () => (value as (this: unknown) => unknown).call(module);
}
