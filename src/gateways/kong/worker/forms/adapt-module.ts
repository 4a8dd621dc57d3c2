// Recognises which of the forms of a plugin a module has.
import { PLUGIN_STAMP } from "../../pdk/index.js";
import { adaptDefinePlugin } from "./define-plugin-form.js";
import { adaptGo } from "./go-form.js";
import { adaptKongJsPdk } from "./kong-js-pdk-form.js";
import { isObject } from "./module-values.js";
import type { Exports } from "./near-misses.js";
import type { KongDefinition } from "./plugin-definition.js";
import { PluginFormError } from "./plugin-form-error.js";
import { whyNoPlugin } from "./why-no-plugin.js";

/** The namespace, its default, and the default of that: what TypeScript makes of a CommonJS module of a CommonJS module. */
const MAX_LEVELS = 3;

/**
 * @param moduleExports the namespace of an ES module, or `module.exports`.
 * @param fileName name of the module's file or folder, without extension.
 * @throws {PluginFormError} where it is no plugin, or one that the gateway would refuse.
 */
export function adaptModule(moduleExports: unknown, fileName: string): KongDefinition {
  const candidates = exportLevels(moduleExports);
  const having = (key: PropertyKey): Exports | undefined => candidates.find((exports) => exports[key] !== undefined);
  const besides = (exports: Exports): Exports[] => candidates.filter((candidate) => candidate !== exports);
  const stamped = having(PLUGIN_STAMP);
  if (stamped !== undefined) return adaptDefinePlugin(stamped, besides(stamped));
  const goStyle = having("New");
  if (goStyle !== undefined) return adaptGo(goStyle, besides(goStyle));
  const kongJsPdk = having("Plugin");
  if (kongJsPdk !== undefined) return adaptKongJsPdk(kongJsPdk, besides(kongJsPdk), fileName);
  throw new PluginFormError(`the module is not a plugin: ${whyNoPlugin(candidates)}`);
}

/** The exports and the default export: compilers and habits differ on where `module.exports = …` ends up. */
function exportLevels(moduleExports: unknown): Exports[] {
  const levels: Exports[] = [];
  for (let value = moduleExports; isObject(value) && levels.length < MAX_LEVELS; value = value["default"]) levels.push(value);
  return levels;
}
