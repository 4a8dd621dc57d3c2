// Turns Go's flag style (`-flag value`, `-flag=value`, `--flag`) into the long options that the parser knows.
import type { FlagNames } from "./tables/table.js";

const FLAG = /^--?([A-Za-z][A-Za-z0-9-]*)(?:=(.*))?$/s;
/** Flags of one letter may stand together, and a path may stand behind the last: `-vv`, `-vd DIR`, `-d/etc/plugins`. */
const LETTERS = /^-(v*)([dp]?)((?<=[dp])[./].*)?$/s;
const TRUE = ["1", "t", "T", "true", "TRUE", "True"];
const FALSE = ["0", "f", "F", "false", "FALSE", "False"];
/** What a switch may be set to, as text. */
export const SWITCH_WORDS: ReadonlyMap<string, boolean> = new Map([
  ...TRUE.map((word) => [word, true] as const),
  ...FALSE.map((word) => [word, false] as const),
]);

/** Values pass unchanged, also those that start with a dash: a flag takes the argument behind it whatever that is. */
export function normalizeFlags(argv: readonly string[], names: FlagNames): string[] {
  return readArguments(argv, names).flatMap(({ text, isValue }) => (isValue ? [text] : normalizeFlag(text, names)));
}

/** The flags as they are written, with their dashes and without values: `--sock-name`, `-v`. */
export function writtenFlags(argv: readonly string[], names: FlagNames): string[] {
  return readArguments(argv, names).flatMap(({ text, isValue }) => (isValue || !FLAG.test(text) ? [] : text.split("=", 1)));
}

/** The switches that are turned off, such as with `-no-watch=false`. */
export function switchedOff(argv: readonly string[], names: FlagNames): ReadonlySet<string> {
  const off = new Set<string>();
  for (const { name, value } of writtenValues(argv, names)) {
    const isOn = names.booleans.has(name) ? SWITCH_WORDS.get(value ?? "true") : undefined;
    if (isOn === false) off.add(name);
    else off.delete(name);
  }
  return off;
}

/** The value of a flag that takes one; of several, the last. */
export function lastValue(argv: readonly string[], wanted: string, names: FlagNames): string | undefined {
  return writtenValues(argv, names).findLast(({ name }) => name === wanted)?.value;
}

function writtenValues(
  argv: readonly string[],
  names: FlagNames,
): { readonly name: string; readonly value: string | undefined }[] {
  return readArguments(argv, names).flatMap(({ text, isValue }, index, all) => {
    const [, given, joined] = isValue ? [] : (FLAG.exec(text) ?? []);
    if (given === undefined) return [];
    const next = all[index + 1];
    return [{ name: names.aliases.get(given) ?? given, value: joined ?? (next?.isValue === true ? next.text : undefined) }];
  });
}

interface Argument {
  readonly text: string;
  readonly isValue: boolean;
}

function readArguments(argv: readonly string[], names: FlagNames): Argument[] {
  const read: Argument[] = [];
  let isValue = false;
  for (const argument of argv) {
    const texts: readonly string[] = isValue ? [argument] : splitLetters(argument);
    for (const text of texts) read.push({ text, isValue });
    isValue = !isValue && awaitsValue(texts.at(-1) ?? "", names);
  }
  return read;
}

function splitLetters(argument: string): string[] {
  const [, verbose = "", letter = "", path] = LETTERS.exec(argument) ?? [];
  const flags = [...Array<string>(verbose.length).fill("-v"), ...(letter === "" ? [] : [`-${letter}`])];
  if (flags.length === 0) return [argument];
  return path === undefined ? flags : [...flags.slice(0, -1), `-${letter}=${path}`];
}

function awaitsValue(argument: string, { booleans, optionals, aliases }: FlagNames): boolean {
  const [, given, value] = FLAG.exec(argument) ?? [];
  if (given === undefined || value !== undefined) return false;
  const name = aliases.get(given) ?? given;
  return !booleans.has(name) && !optionals.has(name);
}

function normalizeFlag(argument: string, { booleans, aliases }: FlagNames): string[] {
  const match = FLAG.exec(argument);
  if (match === null) return [argument];
  const [, given = "", value] = match;
  const name = aliases.get(given) ?? given;
  if (value === undefined) return [`--${name}`];
  if (!booleans.has(name)) return [`--${name}=${value}`];
  const isOn = SWITCH_WORDS.get(value);
  if (isOn === undefined) return [`--${name}=${value}`];
  return isOn ? [`--${name}`] : [];
}
