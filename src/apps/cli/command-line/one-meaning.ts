// Sees to it that a parsed command line means one thing, in the terms of this server: else it is refused.
import { join } from "node:path";
import { UsageError } from "../../../core/model/index.js";
import {
  type CommandName,
  COMMANDS,
  type FlagName,
  FLAGS,
  type GivenFlags,
  parsePath,
  plainFlag,
  takesFlag,
} from "../../flags/index.js";
import type { CommandLine } from "../program.js";

const ACTIONS = FLAGS.filter((flag) => plainFlag(flag).isAction === true && flag.name !== "help");

/** @throws {UsageError} for an empty path. */
export function requirePaths(given: GivenFlags): void {
  for (const { name, kind } of FLAGS) {
    const value = given.get(name);
    if (kind === "path" && typeof value === "string") parsePath(name, value);
  }
}

/** What kong-js-pluginserver's flags say is said with the flags of this server, for every command that takes flags over. */
export function translateFormer(given: GivenFlags, kongPrefix: string): GivenFlags {
  const translated = new Map(given);
  if (given.has("verbose") && !given.has("log-level")) translated.set("log-level", "debug");
  const name = given.get("sock-name");
  if (typeof name !== "string") return translated;
  if (given.has("socket")) throw new UsageError("-socket and -sock-name name the same socket: leave one out");
  return translated.set("socket", join(kongPrefix, name));
}

/** Of two things that a command line asks for, one would not be done, and the exit status would say that it was. */
export function requireOneAction({ command, operands, given }: Omit<CommandLine, "help">): CommandName {
  if (command === "run") throw new UsageError("run stands in front of all flags: pluginserver run PLUGIN [-flag value]…");
  const name = command === undefined ? "serve" : COMMANDS.find((known) => known.name === command)?.name;
  if (name === undefined) throw new UsageError(`there is no command "${[command, ...operands].join(" ")}"`);
  if (given.has("help")) return name;
  const asked = ACTIONS.filter((flag) => given.has(flag.name)).map((flag) => `-${flag.name}`);
  const actions = command === undefined ? asked : [command, ...asked];
  if (actions.length > 1) throw new UsageError(`${actions.join(" and ")} are different commands: ask for one`);
  for (const flag of given.keys()) requireTaker(flag, name);
  return name;
}

function requireTaker(name: FlagName, command: CommandName): void {
  const flag = FLAGS.map(plainFlag).find((known) => known.name === name);
  if (flag === undefined || takesFlag(command, flag)) return;
  const text = (flag.commands ?? []).map((taker) => (taker === "serve" ? "the server" : taker)).join(" and ");
  throw new UsageError(`-${name} is a flag of ${text}: leave it out, or put the command in front`);
}

export const directoryMissing = (isVerbose: boolean): string =>
  `-plugins-dir is missing: say where the plugins are${isVerbose ? " (-v makes the log verbose, -version prints the version)" : ""}`;
