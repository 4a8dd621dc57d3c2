// Says what is different between two loads of a plugins directory.
import { isDeepStrictEqual } from "node:util";
import type { Generation, PluginRegistry } from "./registry.js";

export interface Reload {
  readonly generation: Generation;
  readonly former: Generation;
  /** What the gateway reads at its start alone, so that it must be reloaded to see the change. */
  readonly announced: readonly string[];
}

export interface RegistryChanges {
  readonly added: readonly Generation[];
  readonly reloaded: readonly Reload[];
}

export function registryChanges(before: PluginRegistry, after: PluginRegistry): RegistryChanges {
  const added: Generation[] = [];
  const reloaded: Reload[] = [];
  for (const generation of after.list()) {
    const former = before.get(generation.name);
    if (former === undefined) added.push(generation);
    else if (former !== generation) reloaded.push({ generation, former, announced: announcedChanges(former, generation) });
  }
  return { added, reloaded };
}

function announcedChanges({ announced: before }: Generation, { announced: after }: Generation): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => !isDeepStrictEqual(before[name], after[name]));
}
