// Checks one value against the attributes of its field, in Kong's order: the first that does not hold is told.
import { isRecord } from "../../../../core/model/index.js";
import { matchesLuaPattern } from "../lua-pattern.js";

type Attributes = Readonly<Record<string, unknown>>;
/** Why a value does not fit, which never tells the value; undefined where it does, or the attribute is not understood. */
type Check = (value: unknown, wanted: unknown) => string | undefined;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Without `is_regex`, whose dialect only the gateway can tell, and what is written in Lua. */
const CHECKS: Readonly<Record<string, Check>> = {
  eq: (value, wanted) => (wanted === null || value === wanted ? undefined : `is not ${JSON.stringify(wanted)}`),
  ne: (value, wanted) => (value === wanted ? `must not be ${JSON.stringify(wanted)}` : undefined),
  one_of: (value, choices) => (Array.isArray(choices) && !choices.includes(value) ? `is none of ${quoted(choices)}` : undefined),
  not_one_of: (value, choices) =>
    Array.isArray(choices) && choices.includes(value) ? `must be none of ${quoted(choices)}` : undefined,
  gt: (value, limit) =>
    typeof value === "number" && typeof limit === "number" && value <= limit ? `is not greater than ${limit}` : undefined,
  timestamp: (value, on) => (on === true && typeof value === "number" && value <= 0 ? "is no timestamp" : undefined),
  uuid: (value, on) => (on === true && typeof value === "string" && !UUID.test(value) ? "is no UUID" : undefined),
  between: (value, limits) => {
    const [low, high] = Array.isArray(limits) ? (limits as unknown[]) : [];
    if (typeof value !== "number" || typeof low !== "number" || typeof high !== "number") return undefined;
    return value < low || value > high ? `is not between ${low} and ${high}` : undefined;
  },
  len_eq: byLength((length, wanted) => (length === wanted ? undefined : `not ${wanted}`)),
  len_min: byLength((length, least) => (length >= least ? undefined : `at least ${least} is needed`)),
  len_max: byLength((length, most) => (length <= most ? undefined : `at most ${most} is allowed`)),
  starts_with: (value, start) =>
    typeof value === "string" && typeof start === "string" && !value.startsWith(start)
      ? `does not start with ${JSON.stringify(start)}`
      : undefined,
  not_match: (value, pattern) => (matches(value, pattern) === true ? `must not match the pattern ${quote(pattern)}` : undefined),
  match_none: (value, list) => {
    const found = patternsOf(list).find(({ pattern }) => matches(value, pattern) === true);
    return found === undefined ? undefined : (found.err ?? `must not match the pattern ${quote(found.pattern)}`);
  },
  match: (value, pattern) => (matches(value, pattern) === false ? `does not match the pattern ${quote(pattern)}` : undefined),
  match_all: (value, list) => {
    const missing = patternsOf(list).find(({ pattern }) => matches(value, pattern) === false);
    return missing === undefined ? undefined : (missing.err ?? `does not match the pattern ${quote(missing.pattern)}`);
  },
  match_any: (value, wanted) => {
    if (!isRecord(wanted) || !Array.isArray(wanted["patterns"])) return undefined;
    const patterns = wanted["patterns"] as unknown[];
    if (patterns.some((pattern) => matches(value, pattern) !== false)) return undefined;
    return textOf(wanted["err"]) ?? `matches none of the patterns ${patterns.map(quote).join(", ")}`;
  },
  contains: (value, item) =>
    Array.isArray(value) && !value.includes(item) ? `does not contain ${JSON.stringify(item)}` : undefined,
  mutually_exclusive_subsets: (value, subsets) => (Array.isArray(value) ? exclusion(value, subsets) : undefined),
};

/** Why the value does not fit, where it does not. */
export function checkValue(attributes: Attributes, value: unknown): string | undefined {
  // A reference that the gateway could not resolve stands for a value that nobody here knows.
  if (attributes["referenceable"] === true && isReference(value)) return undefined;
  for (const [name, check] of Object.entries(CHECKS)) {
    const wanted = attributes[name];
    const reason = wanted === undefined ? undefined : check(value, wanted);
    if (reason !== undefined) return textOf(attributes["err"]) ?? reason;
  }
  return undefined;
}

function isReference(value: unknown): boolean {
  return typeof value === "string" && value.startsWith("{vault://") && value.endsWith("}");
}

function byLength(check: (length: number, wanted: number) => string | undefined): Check {
  return (value, wanted) => {
    const length = lengthOf(value);
    const reason = length === undefined || typeof wanted !== "number" ? undefined : check(length, wanted);
    return reason === undefined ? undefined : `has a length of ${length}, ${reason}`;
  };
}

/** Lua counts bytes. */
function lengthOf(value: unknown): number | undefined {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  return isRecord(value) ? Object.keys(value).length : undefined;
}

/** Undefined where it cannot be told. */
function matches(value: unknown, pattern: unknown): boolean | undefined {
  return typeof value === "string" && typeof pattern === "string" ? matchesLuaPattern(value, pattern) : undefined;
}

function patternsOf(list: unknown): { readonly pattern: unknown; readonly err: string | undefined }[] {
  return Array.isArray(list) ? list.filter(isRecord).map(({ pattern, err }) => ({ pattern, err: textOf(err) })) : [];
}

/** Two members that stand in the subsets, and in none of them together. */
function exclusion(members: readonly unknown[], subsets: unknown): string | undefined {
  const sets = Array.isArray(subsets) ? subsets.filter((set): set is unknown[] => Array.isArray(set)) : [];
  const known = members.filter((member) => sets.some((set) => set.includes(member)));
  const isClash = known.some((a) => known.some((b) => !sets.some((set) => set.includes(a) && set.includes(b))));
  return isClash ? `mixes what excludes each other: ${sets.map((set) => `[${quoted(set)}]`).join(", ")}` : undefined;
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const quote = (value: unknown): string => JSON.stringify(value);
const quoted = (values: readonly unknown[]): string => values.map(quote).join(", ");
