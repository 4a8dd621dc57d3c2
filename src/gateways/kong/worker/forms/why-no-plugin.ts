// Says why a module is no plugin, and what in it was probably meant to be one.
import { PHASES, PLUGIN_STAMP } from "../../pdk/index.js";
import { isObject } from "./module-values.js";
import { type Exports, isNear, methodNames, missedHandlers } from "./near-misses.js";

/** `levels` are the module's exports, and the objects that its default export is. */
export function whyNoPlugin(levels: readonly Exports[]): string {
  const entries: readonly (readonly [string, unknown])[] = levels.flatMap((exports) => Object.entries(exports));
  const defined = entries.find(([, value]) => isObject(value) && value[PLUGIN_STAMP] !== undefined);
  if (defined !== undefined) return `its export "${defined[0]}" is made with definePlugin(): make it the default export`;
  for (const meant of ["New", "Plugin"]) {
    const near = entries.find(([name, value]) => typeof value === "function" && isNear(name, meant));
    if (near !== undefined) return `its export "${near[0]}" is not read: call it "${meant}"`;
  }
  const ofClass = levels.flatMap((exports) => handlersOf(exports["prototype"]));
  if (ofClass.length > 0)
    return `it exports a class with ${ofClass.join(", ")}: call the export "Plugin" (module.exports = { Plugin })`;
  const handlers = PHASES.filter((phase) => levels.some((exports) => typeof exports[phase] === "function"));
  if (handlers.length > 0)
    return `it exports ${handlers.join(", ")}: pass that object to definePlugin() and export the result as default`;
  const missed = levels.flatMap((exports) => missedHandlers(exports, () => false));
  const reason = "it exports neither a default made with definePlugin(), nor a New() function, nor a Plugin class";
  return [reason, ...missed].join("; ");
}

const handlersOf = (prototype: unknown): string[] => {
  const methods = methodNames(prototype);
  return PHASES.filter((phase) => methods.includes(phase));
};
