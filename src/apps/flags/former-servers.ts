// Knows the command lines of the plugin servers that this one replaces: what their flags mean here, and which have no meaning.
import { writtenFlags } from "./go-flags.js";
import type { FlagNames } from "./tables/table.js";
import { UsageError } from "../../core/model/index.js";

/** What kong-js-pluginserver calls its socket in Kong's prefix. */
export const JAVASCRIPT_SOCKET = "js_pluginserver.sock";

/** With one of these, kong-js-pluginserver was started: Go's flags have one dash, by its documentation, and no letters. */
export const OF_JAVASCRIPT: ReadonlySet<string> = new Set([
  ...["-d", "--d", "-p", "--p", "-v", "--v"],
  ...["--verbose", "--sock-name", "--plugins-directory"],
]);

const WITHOUT_MEANING = new Map([
  ["m", "each plugin runs in isolates of its own: -isolation process makes them processes, -threads N more of them"],
  [
    "multiprocessing",
    "each plugin runs in isolates of its own: -isolation process makes them processes, -threads N more of them",
  ],
  ["g", "handlers run at the same time here without gevent: leave it out"],
  ["gevent", "handlers run at the same time here without gevent: leave it out"],
  ["no-lua-style", "PDK calls always throw here: leave it out"],
  ["listen-queue-size", "the queue of connections has a fixed size here: leave it out"],
]);

/** The name of the socket in Kong's prefix, where this is a command line of it. */
export function formerSocketName(argv: readonly string[], names: FlagNames): string | undefined {
  return writtenFlags(argv, names).some((flag) => OF_JAVASCRIPT.has(flag)) ? JAVASCRIPT_SOCKET : undefined;
}

/** @throws {UsageError} for a flag of a former server that says nothing here, with what to do instead. */
export function refuseFormerFlags(argv: readonly string[], names: FlagNames): void {
  for (const flag of writtenFlags(argv, names)) {
    const instead = WITHOUT_MEANING.get(flag.replace(/^-+/, ""));
    if (instead !== undefined)
      throw new UsageError(`${flag} is a flag of kong-python-pdk's server and has no meaning here: ${instead}`);
  }
}
