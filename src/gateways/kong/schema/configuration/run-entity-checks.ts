// Checks what Kong's schema language demands of several fields of a record at once.
import { isRecord } from "../../../../core/model/index.js";

/** Checks one field of the record with attributes in place of its own, and returns what does not fit. */
export type FieldCheck = (name: string, attributes: Readonly<Record<string, unknown>>) => readonly string[];

export interface CheckedRecord {
  readonly values: Readonly<Record<string, unknown>>;
  readonly checkField: FieldCheck;
}

/** Why the record does not fit; undefined where it does, or the argument is not understood. */
type EntityCheck = (record: CheckedRecord, argument: unknown) => string | undefined;

/** Without `custom_entity_check`, which is written in Lua. */
const CHECKS: Readonly<Record<string, EntityCheck>> = {
  at_least_one_of: ofNames((given, names) => (given.length > 0 ? undefined : `needs at least one of ${listed(names)}`)),
  only_one_of: ofNames((given, names) => (given.length === 1 ? undefined : `needs exactly one of ${listed(names)}`)),
  mutually_exclusive: ofNames((given, names) => (given.length <= 1 ? undefined : `may have only one of ${listed(names)}`)),
  mutually_required: ofNames((given, names) =>
    given.length === 0 || given.length === names.length ? undefined : `needs all or none of ${listed(names)}`,
  ),
  distinct: ofNames((given, names, { values }) =>
    new Set(given.map((name) => valueAt(values, name))).size === given.length
      ? undefined
      : `needs different values in ${listed(names)}`,
  ),
  mutually_exclusive_sets: ({ values }, argument) => {
    const [first, second] = [namesIn(argument, "set1"), namesIn(argument, "set2")];
    if (first === undefined || second === undefined) return undefined;
    const isClash = [first, second].every((names) => given(values, names).length > 0);
    return isClash ? `may have ${listed(first)} or ${listed(second)}, not both` : undefined;
  },
  conditional: (record, argument) => {
    if (!isRecord(argument) || !holds(record, argument, "if_match")) return undefined;
    const { then_field: name, then_match: attributes, then_err: text } = argument;
    if (typeof name !== "string" || !isRecord(attributes)) return undefined;
    const [reason] = record.checkField(name, attributes);
    if (reason === undefined) return undefined;
    return textFor(text, argument["if_field"]) ?? `does not fit, given the value of ${quote(argument["if_field"])}: ${reason}`;
  },
  conditional_at_least_one_of: (record, argument) => {
    if (!isRecord(argument) || valueAt(record.values, argument["if_field"]) === undefined) return undefined;
    if (holds(record, argument, "if_match")) return oneOf(record, argument, "then_at_least_one_of", "then_err");
    return holds(record, argument, "else_match")
      ? oneOf(record, argument, "else_then_at_least_one_of", "else_then_err")
      : undefined;
  },
};

/** What does not hold of the checks in a record's `entity_checks`. */
export function runEntityChecks(checks: unknown, record: CheckedRecord): string[] {
  if (!Array.isArray(checks)) return [];
  return checks
    .filter(isRecord)
    .flatMap((check) => Object.entries(check))
    .flatMap(([name, argument]) => (Object.hasOwn(CHECKS, name) ? [CHECKS[name]?.(record, argument)] : []))
    .filter((reason) => reason !== undefined);
}

function ofNames(
  check: (given: readonly string[], names: readonly string[], record: CheckedRecord) => string | undefined,
): EntityCheck {
  return (record, argument) => {
    const names = asNames(argument);
    return names === undefined ? undefined : check(given(record.values, names), names, record);
  };
}

/** Whether the field that a condition asks for is there and fits. */
function holds({ values, checkField }: CheckedRecord, argument: Record<string, unknown>, condition: string): boolean {
  const { if_field: name, [condition]: attributes } = argument;
  if (typeof name !== "string" || !isRecord(attributes) || valueAt(values, name) === undefined) return false;
  return checkField(name, attributes).length === 0;
}

function oneOf({ values }: CheckedRecord, argument: Record<string, unknown>, list: string, error: string): string | undefined {
  const names = namesIn(argument, list);
  if (names === undefined || given(values, names).length > 0) return undefined;
  const reason = `needs at least one of ${listed(names)}, given the value of ${quote(argument["if_field"])}`;
  return textFor(argument[error], names.map((name) => `'${name}'`).join(", ")) ?? reason;
}

/** A schema's own text has one place for what it is about. */
function textFor(text: unknown, what: unknown): string | undefined {
  return typeof text === "string" ? text.replace("%s", () => String(what)) : undefined;
}

/** Empty texts and tables count as not given. */
function given(values: Readonly<Record<string, unknown>>, names: readonly string[]): string[] {
  return names.filter((name) => {
    const value = valueAt(values, name);
    if (typeof value === "object") return Object.keys(value ?? {}).length > 0;
    return value !== undefined && value !== "";
  });
}

/** A name with dots leads into records. */
function valueAt(values: unknown, name: unknown): unknown {
  const value = String(name)
    .split(".")
    .reduce<unknown>((inner, part) => (isRecord(inner) && Object.hasOwn(inner, part) ? inner[part] : undefined), values);
  return value ?? undefined;
}

const namesIn = (argument: unknown, name: string): string[] | undefined =>
  isRecord(argument) ? asNames(argument[name]) : undefined;

function asNames(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every((name) => typeof name === "string") ? value : undefined;
}

const quote = (value: unknown): string => JSON.stringify(value);
const listed = (names: readonly string[]): string => names.map(quote).join(", ");
