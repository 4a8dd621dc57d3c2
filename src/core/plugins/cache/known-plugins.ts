// Says what the plugins of a directory are, where all of them are known: without compiling, reading, or loading what does so.
import { statSync } from "node:fs";
import { type Described, readerOf, type ReadOptions } from "../generation-of.js";
import { scanPluginsDirectory } from "../scan.js";
import type { PluginProblem } from "../registry/registry.js";
import type { KeptPlugin } from "./kept-plugin.js";
import { PluginCache, type PluginCacheOptions } from "./plugin-cache.js";

export interface KnownPlugin extends Pick<Described, "metadata"> {
  /** Unix times in seconds. */
  readonly modified: number;
  readonly loaded: number;
}

export interface KnownDirectory {
  /** In alphabetical order. */
  readonly plugins: readonly KnownPlugin[];
  /** Those that do not compile. */
  readonly problems: readonly PluginProblem[];
}

/**
 * Undefined where loading the directory may give anything else, or would print something: a plugin that is
 * not known, has a name that is taken, is built, or compiles and does not load.
 */
export async function knownPlugins(
  directory: string,
  cache: PluginCacheOptions,
  options: Pick<ReadOptions, "gatewayWorker" | "versionMatch" | "limits">,
): Promise<KnownDirectory | undefined> {
  if (cache.folder === undefined) return undefined;
  const { sources, problems: unscanned } = await scanPluginsDirectory(directory);
  if (unscanned.length > 0) return undefined;
  const look = new PluginCache(cache).look();
  const reader = readerOf(options);
  const plugins = new Map<string, KnownPlugin>();
  const problems: PluginProblem[] = [];
  for (const source of sources) {
    const kept = look.findHead(source);
    const failure = kept === undefined ? look.failure(source) : undefined;
    if (failure !== undefined) {
      problems.push(failure);
      continue;
    }
    const reading = kept === undefined ? undefined : look.reading(kept, reader);
    if (kept === undefined || reading === undefined) return undefined;
    const { metadata, log } = reading;
    if (kept.stamp !== undefined || log.length > 0 || plugins.has(metadata.name)) return undefined;
    plugins.set(metadata.name, { metadata, modified: lastModified(kept), loaded: Date.now() / 1000 });
  }
  const sorted = [...plugins.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  return { plugins: sorted, problems };
}

function lastModified({ inputs }: KeptPlugin): number {
  return Math.max(...inputs.map(({ path }) => statSync(path).mtimeMs)) / 1000;
}
