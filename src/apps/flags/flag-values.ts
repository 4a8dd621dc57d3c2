// Makes values of the texts that a command line gives to its flags, each by the kind of the flag.
import type { Flag } from "./flag.js";
import {
  type InspectTarget,
  type LogLevelOptions,
  parseChoice,
  parseCount,
  parseDuration,
  parseInspect,
  parseLogLevels,
  parseMode,
  parsePath,
  parseSize,
} from "./parse-value.js";
import type { FlagName, TableFlag } from "./tables/table.js";

/** What stands on a command line, by the names of the flags: a switch has no value, and a flag of the kinds "paths" and "texts" several. */
export type GivenFlags = ReadonlyMap<FlagName, string | true | readonly string[]>;

interface ValueOfKind {
  readonly switch: boolean;
  readonly text: string;
  readonly optional: string | true;
  readonly path: string;
  readonly paths: readonly string[];
  readonly texts: readonly string[];
  readonly names: readonly string[];
  readonly count: number;
  /** Milliseconds. */
  readonly duration: number;
  /** Bytes. */
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  readonly inspect: InspectTarget;
  readonly levels: LogLevelOptions;
}

type GivenValue<Entry> = Entry extends { readonly choices: readonly (infer Choice)[] }
  ? Choice
  : Entry extends { readonly kind: infer Kind extends keyof ValueOfKind }
    ? ValueOfKind[Kind]
    : never;

type Value<Entry> = Entry extends { readonly default: string } | { readonly kind: "switch" | "paths" | "texts" | "names" }
  ? GivenValue<Entry>
  : GivenValue<Entry> | undefined;

type CamelCase<Name extends string> = Name extends `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<CamelCase<Tail>>}` : Name;

/** The values of flags by their names, `event-timeout` as `eventTimeout`. */
export type FlagValues<Entry extends TableFlag> = {
  readonly [One in Entry as CamelCase<One["name"]>]: Value<One>;
};

/** @throws {UsageError} for a value that its flag does not take. */
export function settingsOf<Entry extends TableFlag>(flags: readonly Entry[], given: GivenFlags): FlagValues<Entry> {
  const values = flags.map((flag) => [camelCase(flag.name), valueOf(flag, given.get(flag.name))] as const);
  return Object.fromEntries(values) as FlagValues<Entry>;
}

const camelCase = (name: string): string => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

function valueOf(flag: Flag, given: string | true | readonly string[] | undefined): unknown {
  if (flag.kind === "switch") return given === true;
  if (flag.kind === "paths" || flag.kind === "texts") return given ?? [];
  if (given === true) return true;
  const text = typeof given === "string" ? given : flag.default;
  if (flag.kind === "names") return (text ?? "").split(",").filter((name) => name !== "");
  return text === undefined ? undefined : parseText(flag, text);
}

function parseText({ name, kind, choices = [], least = 1 }: Flag, text: string): unknown {
  switch (kind) {
    case "path":
      return parsePath(name, text);
    case "choice":
      return parseChoice(name, text, choices);
    case "count":
      return parseCount(name, text, least);
    case "duration":
      return parseDuration(name, text);
    case "size":
      return parseSize(name, text);
    case "mode":
      return parseMode(name, text);
    case "levels":
      return parseLogLevels(name, text);
    case "inspect":
      return parseInspect(name, text);
    case "text":
    case "optional":
    case "names":
    case "paths":
    case "texts":
    case "switch":
      return text;
  }
}
