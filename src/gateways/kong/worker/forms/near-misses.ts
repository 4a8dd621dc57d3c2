// Finds what a module wrote almost as the server reads it: exports, keys and handlers with another case or one wrong letter.
import { PHASES } from "../../pdk/index.js";
import { isObject } from "./module-values.js";
import type { KongDefinition } from "./plugin-definition.js";
import { PluginFormError } from "./plugin-form-error.js";

export type Exports = Record<PropertyKey, unknown>;

/** Shorter names are too easily one letter apart: `log` and `logs`. */
const LONG = 6;

/** Where a form reads its names, and what it calls them. */
export interface ReadNames {
  /** What the form reads. */
  readonly from: Exports;
  readonly names: readonly string[];
  /** The other objects of the module that an export may be in by mistake. */
  readonly elsewhere: readonly Exports[];
  /** How a name in the right object is told: `the export "version"`. */
  readonly shown: (name: string) => string;
  /** Where one of another object belongs: `into definePlugin() as "version"`. */
  readonly place: (name: string) => string;
}

/** One sentence for each name that is not read, with the one that would be. */
export function missedNames({ from, names, elsewhere, shown, place }: ReadNames): string[] {
  const missing = names.filter((name) => from[name] === undefined);
  const misspelt = missing.flatMap((name) =>
    Object.keys(from)
      .filter((key) => key !== name && !names.includes(key) && isNear(key, name))
      .map((key) => `${shown(key)} is not read: call it "${name}"`),
  );
  const misplaced = elsewhere.flatMap((exports) =>
    missing.flatMap((name) =>
      Object.keys(exports)
        .filter((key) => exports[key] !== undefined && isNear(key, name))
        .map((key) => `the export "${key}" is not read: put it ${place(name)}`),
    ),
  );
  return [...misspelt, ...misplaced];
}

/** One sentence for each method that is never called, with the phase that it looks like. `has` knows the phases there are. */
export function missedHandlers(handlers: unknown, has: (phase: string) => boolean): string[] {
  const missing = PHASES.filter((phase) => !has(phase));
  return methodNames(handlers).flatMap((method) =>
    has(method)
      ? []
      : missing.filter((phase) => isNear(method, phase)).map((phase) => `its "${method}" is never called: call it "${phase}"`),
  );
}

/** Names of the functions that an object, or what it inherits from, has. No getter runs. */
export function methodNames(value: unknown): string[] {
  const names = new Set<string>();
  const ends: unknown[] = [Object.prototype, Function.prototype];
  for (let holder = value; isObject(holder) && !ends.includes(holder); holder = Object.getPrototypeOf(holder) as unknown) {
    for (const [name, { value: member }] of Object.entries(Object.getOwnPropertyDescriptors(holder)))
      if (typeof member === "function" && name !== "constructor") names.add(name);
  }
  return [...names];
}

/** What is not read is told with the definition, and beside whatever keeps it from being one. */
export function withNearMisses(nearMisses: readonly string[], define: () => KongDefinition): KongDefinition {
  if (nearMisses.length === 0) return define();
  try {
    return { ...define(), nearMisses };
  } catch (error) {
    if (!(error instanceof PluginFormError)) throw error;
    throw new PluginFormError([error.message, ...nearMisses].join("; "));
  }
}

/** Whether two names differ by case and underscores alone, or, where they are long, by one letter or two that changed places. */
export function isNear(given: string, meant: string): boolean {
  const [a, b] = [plain(given), plain(meant)];
  if (a === b) return true;
  if (Math.min(a.length, b.length) < LONG - 1 || Math.max(a.length, b.length) < LONG) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  const [restA, restB] = [a.slice(start), b.slice(start)];
  const swapped = `${restA.charAt(1)}${restA.charAt(0)}${restA.slice(2)}`;
  return (
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    restA.slice(1) === restB.slice(1) ||
    (restA.length > 1 && swapped === restB)
  );
}

const plain = (name: string): string => name.toLowerCase().replace(/[_-]/g, "");
