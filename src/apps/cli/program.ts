// Parses a command line with commander, by the table of flags and commands.
import { Command, CommanderError, type Option, Option as CommandOption } from "commander";
import { UsageError } from "../../core/model/index.js";
import { COMMANDS, type Flag, type FlagName, FLAGS, flagNames, type GivenFlags, normalizeFlags } from "../flags/index.js";

export interface CommandLine {
  readonly command: string | undefined;
  readonly operands: readonly string[];
  readonly given: GivenFlags;
  readonly help: () => string;
}

export const NAMES = flagNames(FLAGS);

/** @throws {UsageError} for flags that are not in the table, or have no value where one is due. */
export function readCommandLine(argv: readonly string[]): CommandLine {
  const program = createProgram();
  try {
    program.parse(normalizeFlags(argv, NAMES), { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) throw new UsageError(goStyle(error.message));
    throw error;
  }
  const [command, ...operands] = program.args;
  const help = (): string => program.helpInformation().replaceAll(" --", " -");
  return { command, operands, given: givenFlags(program), help };
}

function createProgram(): Command {
  const program = new Command("pluginserver")
    .usage("[-flag value | -flag=value]… [command]")
    .description("Serves the plugins of a directory to Kong and Tyk gateways. Flags take one dash or two.")
    .helpOption(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {}, writeOut: () => {} })
    .argument(
      "[command]",
      COMMANDS.map(({ name, operands, help }) => `${`${name} ${operands}`.trim()}: ${plain(help)}`).join("; "),
    )
    .argument("[operands...]");
  for (const flag of FLAGS) program.addOption(optionOf(flag));
  return program;
}

function optionOf(flag: Flag): Option {
  const { name, kind, value = "", default: standard } = flag;
  const written = kind === "switch" ? `--${name}` : kind === "optional" ? `--${name} [${value}]` : `--${name} <${value}>`;
  const option = new CommandOption(written, helpOf(flag));
  if (kind === "paths" || kind === "texts")
    option.argParser((text: string, given: readonly string[] | undefined) => [...(given ?? []), text]);
  return standard === undefined ? option : option.default(standard);
}

function helpOf({ help, aliases = [], commands = ["serve"] }: Flag): string {
  const takers = commands.includes("serve") ? "" : `${commands.join(", ")}: `;
  const also = aliases.length === 0 ? "" : ` (also ${aliases.map((alias) => `-${alias}`).join(", ")})`;
  return `${takers}${plain(help)}${also}`;
}

const plain = (markdown: string): string => markdown.replaceAll("`", "");

function givenFlags(program: Command): GivenFlags {
  const given = new Map<FlagName, string | true | readonly string[]>();
  program.options.forEach((option, index) => {
    const flag = FLAGS[index];
    const key = option.attributeName();
    if (flag === undefined || program.getOptionValueSource(key) !== "cli") return;
    const value: unknown = program.getOptionValue(key);
    // commander has one value for -x and -no-x.
    if (option.negate ? value === false : value === true) given.set(flag.name, true);
    else if (typeof value === "string" || isTexts(value)) given.set(flag.name, value);
  });
  return given;
}

const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value);

const goStyle = (text: string): string => firstLine(text.replace(/^error: /, "").replaceAll("option '--", "flag '-"));

const firstLine = (text: string): string => (text.split("\n", 1)[0] ?? "").trimEnd();
