// Reads the values of flags: durations, modes, whole numbers.
import { LOG_LEVELS, type LogLevelName, type LogOptions } from "../../core/log/index.js";
import { UsageError } from "../../core/model/index.js";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `50s`, `500ms`, `1m`, or plain seconds; in milliseconds. */
export function parseDuration(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const [, amount, unit] = match ?? [];
  const factor = UNITS[unit ?? "s"];
  if (amount === undefined || factor === undefined || Number(amount) === 0)
    throw new UsageError(`-${flag} takes a duration such as 50s or 500ms, not "${text}"`);
  return Number(amount) * factor;
}

const SIZES: Readonly<Record<string, number>> = { B: 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 };

/** `256MB`, `64KB`, `1GB`, or plain megabytes; in bytes. */
export function parseSize(flag: string, text: string): number {
  const [, amount, unit] = /^(\d+)([KMG]?B)?$/i.exec(text) ?? [];
  const factor = SIZES[(unit ?? "MB").toUpperCase()];
  if (amount === undefined || factor === undefined || Number(amount) === 0)
    throw new UsageError(`-${flag} takes a size such as 256MB, not "${text}"`);
  return Number(amount) * factor;
}

export function parseCount(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || !Number.isSafeInteger(value))
    throw new UsageError(`-${flag} takes a whole number from ${least} on, not "${text}"`);
  return value;
}

/** Go takes an empty path for no path, and Node.js for the working directory: neither is what a script with an unset variable means. */
export function parsePath(flag: string, text: string): string {
  if (text === "") throw new UsageError(`-${flag} takes a path, and got an empty one`);
  return text;
}

/** Permission bits in octal, as chmod takes them. */
export function parseMode(flag: string, text: string): number {
  if (!/^0?o?[0-7]{3}$/.test(text)) throw new UsageError(`-${flag} takes permission bits in octal such as 0660, not "${text}"`);
  return Number.parseInt(text.replace("o", ""), 8);
}

export function parseChoice<const Choice extends string>(flag: string, text: string, choices: readonly Choice[]): Choice {
  const choice = choices.find((candidate) => candidate === text);
  if (choice === undefined) throw new UsageError(`-${flag} is one of ${choices.join(", ")}, not "${text}"`);
  return choice;
}

export interface InspectTarget {
  readonly plugin: string;
  readonly host: string;
  readonly port: number;
}

const INSPECTOR = { host: "127.0.0.1", port: 9229 } as const;

/** `hello`, `hello=9230`, `hello=0.0.0.0:9230` or `hello=[::1]:9230`. */
export function parseInspect(flag: string, text: string): InspectTarget {
  const [, plugin, bracketed, bare, port] = /^([^=]+)(?:=(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5}))?$/.exec(text) ?? [];
  const number = port === undefined ? INSPECTOR.port : Number(port);
  if (plugin === undefined || number < 1 || number > 65_535)
    throw new UsageError(`-${flag} takes a plugin, or one with a port or an address such as hello=127.0.0.1:9230, not "${text}"`);
  return { plugin, host: bracketed ?? bare ?? INSPECTOR.host, port: number };
}

/** What is logged at least, and of which plugins something else. */
export type LogLevelOptions = Pick<LogOptions, "level" | "plugins">;

/** `info`, or one for all with some for plugins by their names: `info,hello=debug`. */
export function parseLogLevels(flag: string, text: string): LogLevelOptions {
  const plugins = new Map<string, LogLevelName>();
  let level: LogLevelName | undefined;
  for (const part of text.split(",")) {
    const at = part.lastIndexOf("=");
    const given = parseChoice(flag, part.slice(at + 1), LOG_LEVELS);
    const plugin = at === -1 ? undefined : part.slice(0, at);
    if (plugin === "") throw new UsageError(`-${flag} has "${part}": the name of a plugin stands before the =`);
    if (plugin === undefined ? level !== undefined : plugins.has(plugin))
      throw new UsageError(`-${flag} has two levels for ${plugin === undefined ? "the server" : `plugin ${plugin}`}: give one`);
    if (plugin === undefined) level = given;
    else plugins.set(plugin, given);
  }
  return { level: level ?? "info", ...(plugins.size === 0 ? {} : { plugins: Object.fromEntries(plugins) }) };
}
