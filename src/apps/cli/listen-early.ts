// Listens for a command line that serves, before the command itself is loaded.
import { EarlySocket, isSupervised, programName } from "../../core/supervisor/index.js";
import { programPlan, type ServePlan, serverPlan } from "../flags/index.js";

export interface Early {
  readonly socket: EarlySocket;
  readonly plan: ServePlan;
}

/** Undefined where nothing is served, or the socket is another's affair: the command then says what is wrong. */
export async function listenEarly(argv: readonly string[]): Promise<Early | undefined> {
  const plan = isSupervised() ? undefined : planOf(argv);
  if (plan === undefined) return undefined;
  try {
    return { plan, socket: await EarlySocket.open(plan) };
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
