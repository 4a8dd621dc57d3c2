// Reads as much of a command line as it takes to listen. What it is not sure of is left to the command's own parser.
import { join, resolve } from "node:path";
import type { SocketPlace } from "../../core/supervisor/index.js";

export interface ServePlan extends SocketPlace {
  readonly isSupervised: boolean;
  readonly watchParent: boolean;
}

export interface FlagGrammar {
  readonly valued: ReadonlySet<string>;
  readonly switches: ReadonlySet<string>;
  readonly aliases: ReadonlyMap<string, string>;
  /** Flags without which nothing is served. */
  readonly required: readonly string[];
  readonly socketName: string;
  /** Written as such, these say that a server with another name of its socket was started before. */
  readonly former?: { readonly written: ReadonlySet<string>; readonly socketName: string };
}

const FLAG = /^--?([A-Za-z][A-Za-z0-9-]*)(?:=(.*))?$/s;
/** Flags that say where Kong finds the server. */
const KONG_PLACES = ["kong-prefix", "socket", "sock-name", "plugin-sockets"];
const MODE = /^0?o?([0-7]{3})$/;

/** Undefined for anything but a command that serves. */
export function servePlan(argv: readonly string[], grammar: FlagGrammar): ServePlan | undefined {
  const flags = readFlags(argv, grammar);
  if (flags === undefined || grammar.required.some((name) => !flags.has(name))) return undefined;
  const socket = flags.get("socket");
  const name = flags.get("sock-name");
  if (socket === "" || name === "" || (socket !== undefined && name !== undefined)) return undefined;
  // For Tyk alone there is no socket of Kong's.
  const saysKong = KONG_PLACES.some((place) => flags.has(place));
  if (flags.has("tyk") && !saysKong) return undefined;
  const mode = MODE.exec(flags.get("socket-mode") ?? "600")?.[1];
  if (mode === undefined) return undefined;
  return {
    path: resolve(socket ?? join(flags.get("kong-prefix") ?? "/usr/local/kong", name ?? flags.socketName)),
    mode: Number.parseInt(mode, 8),
    isSupervised: !flags.has("no-supervisor"),
    watchParent: !flags.has("no-parent-watch"),
  };
}

class ReadFlags extends Map<string, string> {
  /** Of the socket in the prefix. */
  socketName = "";
}

function readFlags(
  argv: readonly string[],
  { valued, switches, aliases, former, socketName }: FlagGrammar,
): ReadFlags | undefined {
  const flags = new ReadFlags();
  flags.socketName = socketName;
  for (let index = 0; index < argv.length; index += 1) {
    const written = argv[index] ?? "";
    const [, given, joined] = FLAG.exec(written) ?? [];
    if (given === undefined) return undefined;
    if (former?.written.has(written.split("=", 1)[0] ?? "") === true) flags.socketName = former.socketName;
    const name = aliases.get(given) ?? given;
    if (switches.has(name) && joined === undefined) flags.set(name, "");
    else if (valued.has(name)) {
      if (joined === undefined) index += 1;
      const value = joined ?? argv[index];
      if (value === undefined) return undefined;
      flags.set(name, value);
    } else return undefined;
  }
  return flags;
}
