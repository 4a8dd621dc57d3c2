// Sees to it that a parsed command line means one thing, in the terms of this server: else it is refused.
import { join } from "node:path";
import type { Command } from "commander";
import { parsePath } from "../program/index.js";
import { UsageError } from "../../core/model/index.js";

const COMMANDS = new Set(["try", "check", "build", "init", "kong-conf", "tyk-conf", "bundle"]);
const ACTIONS = ["dump", "dump-all-plugins", "dump-plugin-info", "version"];
const PATHS = [
  "kong-prefix",
  "plugins-dir",
  "socket",
  "sock-name",
  "plugin-sockets",
  "config",
  "out",
  "sign",
  "manifest",
  "tyk-apps",
  "tyk-secret-file",
];
/** Flags that some commands alone have; the command that serves has no name. */
const OF_COMMANDS: Readonly<Record<string, readonly string[]>> = {
  port: ["try"],
  config: ["try"],
  out: ["build", "bundle"],
  sign: ["build", "bundle"],
  manifest: ["bundle"],
  standalone: ["build"],
  json: ["check"],
  types: ["check"],
  "kong-version": ["kong-conf", "check"],
  mode: ["kong-conf"],
  format: ["kong-conf", "tyk-conf"],
  tyk: ["", "init", "tyk-conf"],
  "tyk-apps": [""],
  "tyk-api": [""],
  "tyk-secret-file": [""],
  "tyk-version": ["tyk-conf"],
  oas: ["tyk-conf"],
};

const keyOf = (flag: string): string => flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

const valueOf = (program: Command, flag: string): unknown => program.getOptionValue(keyOf(flag));

const isGiven = (program: Command, flag: string): boolean => {
  const value = valueOf(program, flag);
  return value !== undefined && value !== false;
};

/** @throws {UsageError} for an empty path. */
export function requirePaths(program: Command): void {
  for (const flag of PATHS) {
    const value = valueOf(program, flag);
    if (typeof value === "string") parsePath(flag, value);
  }
}

/** What kong-js-pluginserver's flags say is said with the flags of this server, for every command that takes flags over. */
export function translateFormer(program: Command): void {
  if (isGiven(program, "verbose") && program.getOptionValueSource("logLevel") !== "cli")
    program.setOptionValueWithSource("logLevel", "debug", "cli");
  const name = valueOf(program, "sock-name");
  if (typeof name !== "string") return;
  if (isGiven(program, "socket")) throw new UsageError("-socket and -sock-name name the same socket: leave one out");
  program.setOptionValueWithSource("socket", join(String(valueOf(program, "kong-prefix")), name), "cli");
}

/** Of two things that a command line asks for, one would not be done, and the exit status would say that it was. */
export function requireOneAction(program: Command): void {
  const command = program.args[0];
  if (command === "run") throw new UsageError("run stands in front of all flags: pluginserver run PLUGIN [-flag value]…");
  if (command !== undefined && !COMMANDS.has(command)) throw new UsageError(`there is no command "${program.args.join(" ")}"`);
  if (valueOf(program, "help") === true) return;
  const asked = ACTIONS.filter((flag) => isGiven(program, flag)).map((flag) => `-${flag}`);
  const actions = command === undefined ? asked : [command, ...asked];
  if (actions.length > 1) throw new UsageError(`${actions.join(" and ")} are different commands: ask for one`);
  for (const [flag, commands] of Object.entries(OF_COMMANDS))
    if (program.getOptionValueSource(keyOf(flag)) === "cli" && !commands.includes(command ?? ""))
      throw new UsageError(
        `-${flag} is a flag of ${commands.map(commandName).join(" and ")}: leave it out, or put the command in front`,
      );
}

export const directoryMissing = (isVerbose: boolean): string =>
  `-plugins-dir is missing: say where the plugins are${isVerbose ? " (-v makes the log verbose, -version prints the version)" : ""}`;

const commandName = (command: string): string => (command === "" ? "the server" : command);
