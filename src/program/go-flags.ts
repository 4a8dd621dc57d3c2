// Turns Go's flag style (`-flag value`, `-flag=value`, `--flag`) into the long options that the parser knows.

/** Flags of this kind take no value, or `=true` and `=false`. */
export interface FlagNames {
  readonly booleans: ReadonlySet<string>;
  /** Flags of this kind can do without their value, so a flag behind them is one. */
  readonly optionals: ReadonlySet<string>;
  /** Other names of a flag. */
  readonly aliases: ReadonlyMap<string, string>;
}

const FLAG = /^--?([A-Za-z][A-Za-z0-9-]*)(?:=(.*))?$/s;
const TRUE = new Set(["1", "t", "T", "true", "TRUE", "True"]);
const FALSE = new Set(["0", "f", "F", "false", "FALSE", "False"]);

/** Values pass unchanged, also those that start with a dash: a flag takes the argument behind it whatever that is. */
export function normalizeFlags(argv: readonly string[], names: FlagNames): string[] {
  const normalized: string[] = [];
  let isValue = false;
  for (const argument of argv) {
    normalized.push(...(isValue ? [argument] : normalizeFlag(argument, names)));
    isValue = !isValue && awaitsValue(argument, names);
  }
  return normalized;
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
  if (TRUE.has(value)) return [`--${name}`];
  return FALSE.has(value) ? [] : [`--${name}=${value}`];
}
