// Checks a configuration against the plugin's schema, as far as Kong's own checks can be told from the outside.
import { type FieldDefinition, isRecord, readDefinition, readFields } from "./config-fields.js";

/** What does not fit. The value itself is never told: it may be a secret. */
export interface ConfigProblem {
  /** Such as `config.limits.max` or `config.hosts[2]`. */
  readonly path: string;
  readonly reason: string;
}

/**
 * Every field that does not fit. Fields that the schema does not know are passed over: the gateway adds its own (`__seq__`,
 * `route_id`, …), and has checked the rest against the schema it was given.
 */
export function checkConfig(fields: readonly unknown[], config: unknown): ConfigProblem[] {
  if (!isRecord(config)) return [{ path: "config", reason: `is ${kindOf(config)}, not an object` }];
  return checkRecord(readFields(fields), config, "config");
}

function checkRecord(
  fields: ReadonlyMap<string, FieldDefinition>,
  config: Record<string, unknown>,
  path: string,
): ConfigProblem[] {
  return [...fields].flatMap(([name, definition]) => checkField(definition, config[name], `${path}.${name}`));
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
    return value.flatMap((item: unknown, index) => checkField(elements, item, `${path}[${index}]`));
  }
  if (!isRecord(value)) return [];
  if (type === "record") return checkRecord(readFields(attributes["fields"]), value, path);
  const values = readDefinition(attributes["values"]);
  if (type !== "map" || values === undefined) return [];
  return Object.entries(value).flatMap(([key, item]) => checkField(values, item, `${path}.${key}`));
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

function checkValue(attributes: Readonly<Record<string, unknown>>, value: unknown): string | undefined {
  const { one_of: oneOf, between, gt, len_min: lengthMin, len_max: lengthMax, len_eq: lengthEqual, eq } = attributes;
  if (Array.isArray(oneOf) && !oneOf.includes(value))
    return `is none of ${oneOf.map((choice) => JSON.stringify(choice)).join(", ")}`;
  if (eq !== undefined && value !== eq) return `is not ${JSON.stringify(eq)}`;
  if (typeof value === "number") return checkNumber(value, between, gt);
  return checkLength(lengthOf(value), lengthMin, lengthMax, lengthEqual);
}

function checkNumber(value: number, between: unknown, gt: unknown): string | undefined {
  if (Array.isArray(between)) {
    const [low, high] = between as unknown[];
    if (typeof low === "number" && typeof high === "number" && (value < low || value > high))
      return `is not between ${low} and ${high}`;
  }
  return typeof gt === "number" && value <= gt ? `is not greater than ${gt}` : undefined;
}

function checkLength(length: number | undefined, min: unknown, max: unknown, equal: unknown): string | undefined {
  if (length === undefined) return undefined;
  if (typeof min === "number" && length < min) return `has a length of ${length}, at least ${min} is needed`;
  if (typeof max === "number" && length > max) return `has a length of ${length}, at most ${max} is allowed`;
  return typeof equal === "number" && length !== equal ? `has a length of ${length}, not ${equal}` : undefined;
}

/** Lua counts bytes. */
function lengthOf(value: unknown): number | undefined {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  return isRecord(value) ? Object.keys(value).length : undefined;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
