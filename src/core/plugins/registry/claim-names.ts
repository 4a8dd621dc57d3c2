// Decides which plugin a name means after a load: what runs under a name keeps it for as long as its file is there.
import { type Generation, type PluginProblem, PluginRegistry } from "./registry.js";

export interface Claims {
  readonly previous: PluginRegistry;
  /** Generations of `previous` whose content is the same. */
  readonly unchanged: readonly Generation[];
  readonly loaded: readonly Generation[];
  /** What did not load. */
  readonly problems: readonly PluginProblem[];
}

export function claimNames({ previous, unchanged, loaded, problems }: Claims): PluginRegistry {
  const registry = new PluginRegistry();
  for (const problem of problems) registry.addProblem(problem);
  const broken = problems.map(({ path }) => previous.servedFrom(path)).filter((generation) => generation !== undefined);
  const keepsItsName = ({ name, path }: Generation): boolean => previous.get(name)?.path === path;
  const successors = loaded.filter(keepsItsName);
  for (const generation of new Set([...unchanged, ...broken, ...successors])) registry.add(generation);
  const refused = new Set<string>();
  for (const generation of loaded.filter((candidate) => !keepsItsName(candidate))) {
    const problem = registry.add(generation);
    if (problem === undefined) continue;
    registry.addProblem(problem);
    refused.add(generation.path);
  }
  for (const former of previous.list()) {
    if (registry.get(former.name) !== undefined) continue;
    // A file that wants a name which is taken goes on under its own; one that has another name now is another plugin.
    if (refused.has(former.path)) registry.add(former);
    else registry.addGone(former);
  }
  return registry;
}
