// The one table of flags: of the server, of programs and of the commands, and what is derived from it.
import { ACTION_FLAGS, COMMAND_FLAGS } from "./command-flags.js";
import type { CommandName } from "./commands.js";
import type { Flag } from "../flag.js";
import { SERVER_FLAGS } from "./server-flags.js";

export const FLAGS = [...SERVER_FLAGS, ...ACTION_FLAGS, ...COMMAND_FLAGS] as const;

export type TableFlag = (typeof FLAGS)[number];
export type FlagName = TableFlag["name"];
type FlagOf<Wanted> = Extract<TableFlag, Wanted>;
/** The flags of one command alone. */
export type CommandFlag<Name extends CommandName> = TableFlag extends infer Entry
  ? Entry extends { readonly commands: readonly (infer Taker)[] }
    ? Name extends Taker
      ? Extract<Entry, TableFlag>
      : never
    : never
  : never;

/** A flag by itself: what two entries have in common. */
export const plainFlag = (flag: TableFlag): Flag => flag;

const isForDumps = (flag: TableFlag): flag is FlagOf<{ isForDumps: true }> => plainFlag(flag).isForDumps === true;
const isForPrograms = (flag: TableFlag): flag is FlagOf<{ program: object }> => plainFlag(flag).program !== undefined;

/** What loading plugins depends on. */
export const DUMP_FLAGS: readonly FlagOf<{ isForDumps: true }>[] = FLAGS.filter(isForDumps);

type ProgramFlag = FlagOf<{ program: object }>;

/** The flags of one plugin as a program, with what differs there. */
export const PROGRAM_FLAGS: readonly ProgramFlag[] = FLAGS.filter(isForPrograms).map(
  (flag) => ({ ...flag, ...flag.program }) as ProgramFlag,
);

/** Whether a command takes a flag; what shows the settings of a server takes its flags too. */
export const takesFlag = (command: CommandName, { commands }: Flag): boolean =>
  commands === undefined || commands.includes(command) || (command === "config" && commands.includes("serve"));

export function commandFlags<Name extends CommandName>(command: Name): readonly CommandFlag<Name>[] {
  return FLAGS.filter((flag): flag is TableFlag & CommandFlag<Name> => plainFlag(flag).commands?.includes(command) === true);
}

export function namedFlags<Name extends FlagName>(...names: readonly Name[]): readonly FlagOf<{ name: Name }>[] {
  return FLAGS.filter((flag): flag is FlagOf<{ name: Name }> => names.some((name) => name === flag.name));
}

/** What a reader of command lines has to know of the flags: which take a value, and their other names. */
export interface FlagNames {
  /** They take no value, or `=true` and `=false`. */
  readonly booleans: ReadonlySet<string>;
  /** They can do without their value, so a flag behind them is one. */
  readonly optionals: ReadonlySet<string>;
  /** Other names of a flag. */
  readonly aliases: ReadonlyMap<string, string>;
}

export function flagNames(flags: readonly Flag[]): FlagNames {
  const named = (kind: Flag["kind"]) => new Set(flags.filter((flag) => flag.kind === kind).map(({ name }) => name));
  return {
    booleans: named("switch"),
    optionals: named("optional"),
    aliases: new Map(flags.flatMap(({ name, aliases = [] }) => aliases.map((alias) => [alias, name] as const))),
  };
}
