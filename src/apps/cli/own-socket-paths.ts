// Says where the plugins of a directory are going to have sockets of their own, before any of them is loaded.
import { join } from "node:path";
import { scanPluginsDirectory } from "../../core/plugins/index.js";
import type { OwnSocketPlaces } from "../flags/index.js";

/** A plugin that names itself otherwise is not among them. Empty for a directory that cannot be read: the server says so. */
export async function ownSocketPaths(places: OwnSocketPlaces | undefined): Promise<readonly { path: string; mode: number }[]> {
  if (places === undefined) return [];
  const { directory, pluginsDirectory, mode } = places;
  const { sources } = await scanPluginsDirectory(pluginsDirectory).catch(() => ({ sources: [] }));
  return sources.map(({ name }) => ({ path: join(directory, `${name}.socket`), mode }));
}
