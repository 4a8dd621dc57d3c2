// Checks a configuration against the plugin's schema, as far as Kong's own checks can be told from the outside.
import { isRecord } from "../../../../core/model/index.js";
import { checkValue } from "./check-value.js";
import { type FieldDefinition, readDefinition, readFields } from "../config-fields.js";
import { isDeeperThan, MAX_NESTING } from "../nesting.js";
import { type FieldCheck, runEntityChecks } from "./run-entity-checks.js";

/** What does not fit. The value itself is never told: it may be a secret. */
export interface ConfigProblem {
  /** Such as `config.limits.max`, `config.hosts[2]` or `a value of config.users`: keys of maps may be secrets too. */
  readonly path: string;
  readonly reason: string;
}

/**
 * Every field that does not fit. Fields that the schema does not know are passed over: the gateway adds its own (`__seq__`,
 * `route_id`, …), and has checked the rest against the schema it was given.
 */
export function checkConfig(fields: readonly unknown[], config: unknown): ConfigProblem[] {
  if (!isRecord(config)) return [{ path: "config", reason: `is ${kindOf(config)}, not an object` }];
  if (isDeeperThan(MAX_NESTING, config)) return [{ path: "config", reason: `is nested more than ${MAX_NESTING} levels deep` }];
  return checkRecord({ fields }, config, "config");
}

function checkRecord(
  attributes: Readonly<Record<string, unknown>>,
  values: Record<string, unknown>,
  path: string,
): ConfigProblem[] {
  const fields = readFields(attributes["fields"]);
  const problems = [...fields].flatMap(([name, definition]) => checkField(definition, values[name], `${path}.${name}`));
  const checkOther: FieldCheck = (name, others) => {
    const { definition, value } = fieldAt(fields, values, name);
    if (definition === undefined) return [];
    const merged = { ...definition.attributes, ...others };
    return checkField({ type: merged["type"], attributes: merged }, value, name).map(({ path: at, reason }) => `${at} ${reason}`);
  };
  const reasons = runEntityChecks(attributes["entity_checks"], { values, checkField: checkOther });
  return [...problems, ...reasons.map((reason) => ({ path, reason }))];
}

/** A field of the record, or of a record in it where the name has dots. */
function fieldAt(
  fields: ReadonlyMap<string, FieldDefinition>,
  values: unknown,
  name: string,
): { readonly definition?: FieldDefinition | undefined; readonly value?: unknown } {
  const [head = "", ...rest] = name.split(".");
  const definition = fields.get(head);
  const value = isRecord(values) && Object.hasOwn(values, head) ? values[head] : undefined;
  if (rest.length === 0 || definition === undefined) return { definition, value };
  return fieldAt(readFields(definition.attributes["fields"]), value, rest.join("."));
}

function checkField(definition: FieldDefinition, value: unknown, path: string): ConfigProblem[] {
  const { attributes } = definition;
  if (value === undefined || value === null) {
    // The gateway fills defaults in before it sends a configuration.
    const missing = attributes["required"] === true && attributes["default"] === undefined;
    return missing ? [{ path, reason: "is required" }] : [];
  }
  const wrongType = checkType(definition, value);
  if (wrongType !== undefined) return [{ path, reason: wrongType }];
  const wrongValue = checkValue(attributes, value);
  if (wrongValue !== undefined) return [{ path, reason: wrongValue }];
  return checkInside(definition, value, path);
}

function checkInside({ type, attributes }: FieldDefinition, value: unknown, path: string): ConfigProblem[] {
  const elements = readDefinition(attributes["elements"]);
  if ((type === "array" || type === "set") && Array.isArray(value) && elements !== undefined) {
    return value.flatMap((item: unknown, index) => checkMember(elements, item, `${path}[${index}]`));
  }
  if (!isRecord(value)) return [];
  if (type === "record") return checkRecord(attributes, value, path);
  if (type !== "map") return [];
  const [keys, values] = [readDefinition(attributes["keys"]), readDefinition(attributes["values"])];
  return Object.entries(value).flatMap(([key, item]) => [
    ...(keys === undefined ? [] : checkMember(keys, key, `a key of ${path}`)),
    ...(values === undefined ? [] : checkMember(values, item, `a value of ${path}`)),
  ]);
}

/** What is in a list or a map is there: there is no place for nothing. */
function checkMember(definition: FieldDefinition, value: unknown, path: string): ConfigProblem[] {
  return value === null ? [{ path, reason: "is required" }] : checkField(definition, value, path);
}

const isEmpty = (value: unknown): boolean =>
  Array.isArray(value) ? value.length === 0 : isRecord(value) && Object.keys(value).length === 0;

/** Kong 2.0 sends every empty table as an object, and any gateway may send an empty map as an array. */
function checkType({ type }: FieldDefinition, value: unknown): string | undefined {
  const fits = {
    string: () => typeof value === "string",
    number: () => typeof value === "number",
    integer: () => Number.isInteger(value),
    boolean: () => typeof value === "boolean",
    array: () => Array.isArray(value) || isEmpty(value),
    set: () => Array.isArray(value) || isEmpty(value),
    map: () => isRecord(value) || isEmpty(value),
    record: () => isRecord(value) || isEmpty(value),
  } as const;
  if (typeof type !== "string" || !Object.hasOwn(fits, type)) return undefined;
  const known = type as keyof typeof fits;
  return fits[known]() ? undefined : `is ${kindOf(value)}, not ${/^[aeiou]/.test(known) ? "an" : "a"} ${known}`;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
