// Listens for a command line that serves, before the command itself is loaded.
import { EarlySockets, isSupervised, programName } from "../../core/supervisor/index.js";
import { programPlan, type ServePlan, serverPlan } from "../flags/index.js";

export interface Early {
  readonly sockets: EarlySockets;
  readonly plan: ServePlan;
}

/** Undefined where nothing is served, or a socket is another's affair: the command then says what is wrong. */
export async function listenEarly(argv: readonly string[]): Promise<Early | undefined> {
  const plan = isSupervised() ? undefined : planOf(argv);
  if (plan === undefined) return undefined;
  try {
    return { plan, sockets: await EarlySockets.open(plan.places) };
  } catch {
    // The command itself fails at the same, and says why.
    return undefined;
  }
}

function planOf(argv: readonly string[]): ServePlan | undefined {
  const [command, plugin, ...flags] = argv;
  if (command !== "run") return serverPlan(argv);
  return plugin === undefined ? undefined : programPlan(flags, programName(plugin));
}
