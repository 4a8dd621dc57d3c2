// Reads as much of a command line as it takes to listen. What it is not sure of is left to the command's own parser.
import { join, resolve } from "node:path";
import { JAVASCRIPT_SOCKET, OF_JAVASCRIPT } from "./former-servers.js";
import type { Flag } from "./flag.js";
import type { SocketPlace } from "../../core/supervisor/index.js";
import { parseAddress } from "../../gateways/tyk/address/index.js";
import { KONG_SOCKET, tykPlace } from "./socket-places.js";
import type { GivenFlags } from "./flag-values.js";
import { type FlagNames, flagNames, FLAGS, type FlagName, plainFlag, PROGRAM_FLAGS } from "./tables/table.js";

/** All that holds, from the flags of a command line and what stands beneath them. */
export type Beneath = (given: GivenFlags) => GivenFlags;

export interface ServePlan {
  /** One for each gateway that is served. */
  readonly places: readonly SocketPlace[];
  readonly isSupervised: boolean;
  readonly watchParent: boolean;
  /** Where plugins have sockets of their own. */
  readonly ownSockets: OwnSocketPlaces | undefined;
}

export interface OwnSocketPlaces {
  /** Of the sockets. */
  readonly directory: string;
  readonly pluginsDirectory: string;
  /** Permission bits of the socket files. */
  readonly mode: number;
}

interface Grammar extends FlagNames {
  readonly known: ReadonlySet<string>;
  /** Flags without all of which nothing is served. */
  readonly required?: readonly FlagName[];
  readonly socketName: string;
  /** Written as such, these say that a server with another name of its socket was started before. */
  readonly former: ReadonlySet<string>;
}

const FLAG = /^--?([A-Za-z][A-Za-z0-9-]*)(?:=(.*))?$/s;
const MODE = /^0?o?([0-7]{3})$/;
/** Flags that say where Kong finds the server. */
const KONG_PLACES = FLAGS.filter((flag) => plainFlag(flag).placesKong === true).map(({ name }) => name);
/** What a server has where nothing is said of its socket. */
export const SOCKET_NAME = "go_pluginserver.sock";

/** Whether a command line with these flags says where Kong finds the server. */
export const saysKong = (given: { has(name: FlagName): boolean }): boolean => KONG_PLACES.some((name) => given.has(name));

/** The plan of a server of a plugins directory. Undefined for anything but a command line that serves. */
export const serverPlan = (argv: readonly string[], beneath?: Beneath): ServePlan | undefined =>
  servePlan(argv, beneath, {
    ...grammarOf(FLAGS.filter((flag: Flag) => flag.commands?.includes("serve") ?? true)),
    required: ["plugins-dir", "plugins-url", "bundles"],
    socketName: SOCKET_NAME,
    former: OF_JAVASCRIPT,
  });

/** The plan of one plugin as the program of this name. */
export const programPlan = (argv: readonly string[], program: string, beneath?: Beneath): ServePlan | undefined =>
  servePlan(argv, beneath, { ...grammarOf(PROGRAM_FLAGS), socketName: `${program}.socket`, former: new Set() });

function grammarOf(flags: readonly Flag[]): FlagNames & Pick<Grammar, "known"> {
  const serving = flags.filter(({ isAction }) => isAction === undefined);
  return { ...flagNames(serving), known: new Set(serving.map(({ name }) => name)) };
}

function servePlan(argv: readonly string[], beneath: Beneath | undefined, grammar: Grammar): ServePlan | undefined {
  const written = readFlags(argv, grammar);
  if (written === undefined) return undefined;
  const { socketName } = written;
  const flags = beneath === undefined ? written : withBeneath(written, beneath);
  if (!(grammar.required?.some((name) => flags.has(name)) ?? true)) return undefined;
  const socket = flags.get("socket");
  const name = flags.get("sock-name");
  if (socket === "" || name === "" || (socket !== undefined && name !== undefined)) return undefined;
  const octal = MODE.exec(flags.get("socket-mode") ?? "600")?.[1];
  if (octal === undefined) return undefined;
  const mode = Number.parseInt(octal, 8);
  const places: SocketPlace[] = [];
  // For Tyk alone there is no socket of Kong's.
  if (!flags.has("tyk") || saysKong(flags)) {
    // Kong has none from bundles.
    if (grammar.required !== undefined && !flags.has("plugins-dir") && !flags.has("plugins-url")) return undefined;
    const path = resolve(socket ?? join(flags.get("kong-prefix") ?? "/usr/local/kong", name ?? socketName));
    places.push({ name: KONG_SOCKET, path, mode });
  }
  const tyk = flags.get("tyk");
  if (tyk !== undefined) {
    const address = parseAddress(tyk);
    const place = address === undefined ? undefined : tykPlace(address, mode);
    if (place === undefined) return undefined;
    places.push(place);
  }
  const [directory, pluginsDirectory] = [flags.get("plugin-sockets"), flags.get("plugins-dir")];
  const hasOwnSockets = directory !== undefined && pluginsDirectory !== undefined;
  return {
    places,
    ownSockets: hasOwnSockets ? { directory: resolve(directory), pluginsDirectory, mode } : undefined,
    isSupervised: !flags.has("no-supervisor"),
    watchParent: !flags.has("no-parent-watch"),
  };
}

/** Of a list it is enough to know that it is there. */
function withBeneath(written: ReadonlyMap<string, string>, beneath: Beneath): ReadonlyMap<string, string> {
  const all = beneath(written as ReadonlyMap<FlagName, string>);
  return new Map([...all].map(([name, value]) => [name, typeof value === "string" ? value : ""]));
}

class ReadFlags extends Map<string, string> {
  /** Of the socket in the prefix. */
  socketName = "";
}

function readFlags(argv: readonly string[], { known, booleans, aliases, former, socketName }: Grammar): ReadFlags | undefined {
  const flags = new ReadFlags();
  flags.socketName = socketName;
  for (let index = 0; index < argv.length; index += 1) {
    const written = argv[index] ?? "";
    const [, given, joined] = FLAG.exec(written) ?? [];
    if (given === undefined) return undefined;
    if (former.has(written.split("=", 1)[0] ?? "")) flags.socketName = JAVASCRIPT_SOCKET;
    const name = aliases.get(given) ?? given;
    if (booleans.has(name) && joined === undefined) flags.set(name, "");
    else if (known.has(name) && !booleans.has(name)) {
      if (joined === undefined) index += 1;
      const value = joined ?? argv[index];
      if (value === undefined) return undefined;
      flags.set(name, value);
    } else return undefined;
  }
  return flags;
}
