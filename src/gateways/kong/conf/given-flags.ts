// Sorts the flags of a command line: which of them the commands of kong.conf take over.
import { resolve } from "node:path";
import type { Command, Option } from "commander";
import type { GivenFlag } from "./command-text.js";
import type { ConfiguredServer } from "./kong-settings.js";

/** Flags that belong to a command, or that stand in every start command anyway. */
const NOT_TAKEN_OVER = new Set(
  `kong-prefix plugins-dir sock-name verbose dump dump-all-plugins dump-plugin-info version help port config json out sign standalone
  kong-version mode format`.split(/\s+/),
);
/** Flags that say what a dump has in it, and how it is made. */
const OF_DUMPS = new Set(["pdk-match", "trust", "protocol", "load-timeout", "isolate-memory", "env", "log-level", "log-format"]);
const PATHS = new Set(["socket", "plugin-sockets", "trust"]);

export type ServerFlags = Pick<ConfiguredServer, "kongPrefix" | "socket" | "pluginSockets" | "startFlags" | "queryFlags">;

/** The server that a parsed command line would start, with absolute paths: a gateway starts it in another folder. */
export function serverFlags(program: Command): ServerFlags {
  const startFlags = program.options.flatMap((option) => givenFlags(program, option));
  const valueOf = (flag: string): string | undefined => startFlags.find(({ name }) => name === flag)?.value;
  return {
    kongPrefix: resolve(String(program.getOptionValue("kongPrefix"))),
    socket: valueOf("socket"),
    pluginSockets: valueOf("plugin-sockets"),
    startFlags,
    queryFlags: startFlags.filter(({ name }) => OF_DUMPS.has(name)),
  };
}

function givenFlags(program: Command, option: Option): GivenFlag[] {
  const name = option.long?.slice(2) ?? "";
  const key = option.attributeName();
  if (NOT_TAKEN_OVER.has(name) || program.getOptionValueSource(key) !== "cli") return [];
  if (option.isBoolean()) return [{ name }];
  const value: unknown = program.getOptionValue(key);
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.map((text) => ({ name, value: PATHS.has(name) ? resolve(String(text)) : String(text) }));
}
