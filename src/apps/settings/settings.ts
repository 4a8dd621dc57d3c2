// Gathers what is set beside the command line, and puts it beneath the flags that are given there.
import { CommandError, UsageError } from "../../core/model/index.js";
import {
  type CommandName,
  COMMANDS,
  type FlagName,
  flagNames,
  type FlagNames,
  FLAGS,
  type GivenFlags,
  lastValue,
  PROGRAM_FLAGS,
  switchedOff,
  type TableFlag,
  takesFlag,
} from "../flags/index.js";
import { readConfigText } from "./config-text.js";
import { readVariables, type Setting, type SettingSource, sourceText, variableName } from "./variables.js";

type Layer = ReadonlyMap<FlagName, Setting>;

export interface SettingsRequest {
  readonly argv: readonly string[];
  /** The flags that the command or the program takes. */
  readonly flags: readonly TableFlag[];
  readonly names: FlagNames;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether a `-config` of the command line is something else than the server's configuration. */
  readonly hasOwnConfig?: boolean;
}

/** They say the same thing: of two that stand in different places the one counts whose place comes first. */
const ALTERNATIVES: readonly (readonly FlagName[])[] = [
  ["socket", "sock-name"],
  ["log-level", "verbose"],
  ["tyk-apps", "tyk-api"],
];

export class Settings {
  readonly #layers: readonly Layer[];
  readonly #off: ReadonlySet<string>;
  readonly #sources = new Map<FlagName, SettingSource>();

  private constructor(layers: readonly Layer[], off: ReadonlySet<string>) {
    this.#layers = layers;
    this.#off = off;
  }

  static readonly NONE = new Settings([], new Set());

  /** @throws {UsageError} for a variable or a file that cannot be understood. */
  static async read({ argv, flags, names, environment, hasOwnConfig = false }: SettingsRequest): Promise<Settings> {
    const taken = hasOwnConfig ? flags.filter(({ name }) => name !== "config") : flags;
    const variables = readVariables(taken, environment);
    const path = (hasOwnConfig ? undefined : lastValue(argv, "config", names)) ?? environment[variableName("config")];
    const off = switchedOff(argv, names);
    if (path === undefined || path === "") return new Settings([variables], off);
    const text = await readConfigText(path);
    const { parseConfigFile } = await import("./config-file.js");
    const known = new Set(taken.map(({ name }) => name));
    // A server and programs may share a file: what one does not take is the other's.
    const file = [...parseConfigFile(path, text)].filter(([name]) => known.has(name));
    return new Settings([variables, new Map(file)], off);
  }

  /** All that holds: what the command line gives, then the variables, then the file. */
  beneath(given: GivenFlags): GivenFlags {
    const all = new Map(given);
    const off = new Set(this.#off);
    for (const layer of this.#layers) {
      const above = new Set<FlagName>([...all.keys(), ...([...off] as FlagName[])]);
      for (const [name, { value, source }] of layer) {
        if (above.has(name) || othersOf(name).some((other) => above.has(other))) continue;
        this.#sources.set(name, source);
        if (value === false) off.add(name);
        else all.set(name, value);
      }
    }
    return all;
  }

  /** Of what `beneath` has put there; undefined for a flag of the command line, or a default. */
  sourceOf(name: FlagName): SettingSource | undefined {
    return this.#sources.get(name);
  }

  /** An error about a flag names the variable or the file where the flag's value is from there. */
  explain(error: unknown): unknown {
    if (!(error instanceof UsageError) && !(error instanceof CommandError)) return error;
    const [start, name = ""] = /^-([a-z-]+)(?=[ :])/.exec(error.message) ?? [""];
    const source = this.#sources.get(name as FlagName);
    if (source === undefined) return error;
    const shown = source.kind === "variable" ? source.name : `${sourceText(source)}: ${name}`;
    const message = shown + error.message.slice(start.length);
    return error instanceof UsageError ? new UsageError(message, { cause: error }) : new CommandError(message, { cause: error });
  }
}

const othersOf = (name: FlagName): readonly FlagName[] => ALTERNATIVES.find((names) => names.includes(name)) ?? [];

const NAMES = flagNames(FLAGS);
const PROGRAM_NAMES = flagNames(PROGRAM_FLAGS);

/** @throws {UsageError} for a variable or a file that cannot be understood. */
export async function serverSettings(argv: readonly string[]): Promise<Settings> {
  const command = COMMANDS.map(({ name }): CommandName => name).find((name) => name === argv[0]) ?? "serve";
  // What a new project is called and is for stands on its command line; who asks for help may need it for what is wrong here.
  if (command === "init" || asksForHelp(argv)) return Settings.NONE;
  const flags = FLAGS.filter((flag) => takesFlag(command, flag));
  return Settings.read({ argv, flags, names: NAMES, environment: process.env, hasOwnConfig: command === "try" });
}

/** @throws {UsageError} as above. */
export async function programSettings(argv: readonly string[]): Promise<Settings> {
  if (asksForHelp(argv)) return Settings.NONE;
  return Settings.read({ argv, flags: PROGRAM_FLAGS, names: PROGRAM_NAMES, environment: process.env });
}

const asksForHelp = (argv: readonly string[]): boolean => argv.some((text) => /^--?(help|h|version)$/.test(text));
