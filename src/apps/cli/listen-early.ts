// Listens for a command line that serves, before the command itself is loaded.
import { join } from "node:path";
import { scanPluginsDirectory } from "../../core/plugins/index.js";
import { EarlySockets, isSupervised, programName } from "../../core/supervisor/index.js";
import { type OwnSocketPlaces, programPlan, type ServePlan, serverPlan } from "../flags/index.js";
import { programSettings, serverSettings } from "../settings/index.js";

export interface Early {
  readonly sockets: EarlySockets;
  readonly plan: ServePlan;
}

/** Undefined where nothing is served, or a socket is another's affair: the command then says what is wrong. */
export async function listenEarly(argv: readonly string[]): Promise<Early | undefined> {
  if (isSupervised()) return undefined;
  try {
    const plan = await planOf(argv);
    return plan === undefined ? undefined : { plan, sockets: await EarlySockets.open(plan.places) };
  } catch {
    // The command itself fails at the same, and says why.
    return undefined;
  }
}

async function planOf(argv: readonly string[]): Promise<ServePlan | undefined> {
  const [first = "", plugin, ...flags] = argv;
  if (first === "run") {
    if (plugin === undefined) return undefined;
    const settings = await programSettings(flags);
    return programPlan(flags, programName(plugin), (given) => settings.beneath(given));
  }
  // Any other command serves nothing.
  if (!first.startsWith("-") && first !== "") return undefined;
  const settings = await serverSettings(argv);
  return serverPlan(argv, (given) => settings.beneath(given));
}

/**
 * Where the plugins of a directory are going to have sockets of their own. A plugin that names itself otherwise is not among them. Empty for a directory that cannot be read: the server says so.
 */
export async function ownSocketPaths(places: OwnSocketPlaces | undefined): Promise<readonly { path: string; mode: number }[]> {
  if (places === undefined) return [];
  const { directory, pluginsDirectory, mode } = places;
  const { sources } = await scanPluginsDirectory(pluginsDirectory).catch(() => ({ sources: [] }));
  return sources.map(({ name }) => ({ path: join(directory, `${name}.socket`), mode }));
}
