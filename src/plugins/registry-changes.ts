// Says what is different between two loads of a plugins directory.
import { existsSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import type { Generation, PluginProblem, PluginRegistry } from "./registry.js";

export interface RegistryChanges {
  readonly added: readonly Generation[];
  readonly reloaded: readonly Generation[];
  /** Still served, but their files are gone. */
  readonly removed: readonly Generation[];
  /** Problems that the former load did not have. */
  readonly problems: readonly PluginProblem[];
  /** Of the reloaded: what the gateway reads at its start alone, so that it must be reloaded to see the change. */
  readonly needGatewayReload: readonly { readonly name: string; readonly what: readonly string[] }[];
}

export function registryChanges(before: PluginRegistry, after: PluginRegistry): RegistryChanges {
  const reloaded = after.list().filter((generation) => {
    const former = before.get(generation.name);
    return former !== undefined && former !== generation;
  });
  return {
    added: after.list().filter(({ name }) => before.get(name) === undefined),
    reloaded,
    removed: after.list().filter((generation) => before.get(generation.name) === generation && !existsSync(generation.path)),
    problems: after.problems().filter((problem) => !before.problems().some((former) => isDeepStrictEqual(former, problem))),
    needGatewayReload: reloaded.flatMap((generation) => announcedChanges(before.get(generation.name), generation)),
  };
}

function announcedChanges(before: Generation | undefined, { name, metadata }: Generation): { name: string; what: string[] }[] {
  if (before === undefined) return [];
  const what: string[] = [];
  if (!isDeepStrictEqual(before.metadata.fields, metadata.fields)) what.push("schema");
  if (before.metadata.priority !== metadata.priority) what.push("priority");
  if (!isDeepStrictEqual(before.metadata.phases, metadata.phases)) what.push("phases");
  return what.length === 0 ? [] : [{ name, what }];
}
