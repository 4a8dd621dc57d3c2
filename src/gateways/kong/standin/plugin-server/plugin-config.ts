// A plugin's configuration as Kong completes it: checked against the plugin's schema, with the defaults filled in.

import { isRecord } from "../../../../core/model/index.js";
import { configKindOf, suggestionOrAll } from "../config-shape.js";
import { GatewayError } from "../errors.js";
import { type SchemaDefinition, type SchemaField } from "./plugin-info.js";

type Config = Record<string, unknown>;

export function completeConfig(given: Config, fields: readonly SchemaField[], path: string): Config {
  const known = fields.map((field) => field.name);
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) throw wrong(`${path}.${name}`, `unknown field${suggestionOrAll(name, known)}`);
  }
  const config: Config = {};
  for (const { name, definition } of fields) {
    const value = given[name] ?? structuredClone(definition.default) ?? emptyRecord(definition);
    if (value === undefined) {
      if (definition.required) throw wrong(`${path}.${name}`, "required field missing");
      continue;
    }
    config[name] = completeValue(value, definition, `${path}.${name}`);
  }
  return config;
}

/** Kong creates a record that was not given when it is required or has defaults inside. */
function emptyRecord(definition: SchemaDefinition): Config | undefined {
  if (definition.type !== "record") return undefined;
  return definition.required || hasDefaults(definition.fields) ? {} : undefined;
}

function hasDefaults(fields: readonly SchemaField[]): boolean {
  return fields.some(({ definition }) => definition.default !== undefined || hasDefaults(definition.fields));
}

function completeValue(value: unknown, definition: SchemaDefinition, path: string): unknown {
  checkType(value, definition.type, path);
  if (definition.oneOf !== undefined && !definition.oneOf.includes(value)) {
    throw wrong(path, `expected one of: ${definition.oneOf.map(String).join(", ")}`);
  }
  if (definition.type === "record" && isRecord(value)) return completeConfig(value, definition.fields, path);
  const { elements } = definition;
  if (elements === undefined) return value;
  if (Array.isArray(value)) return value.map((item, index) => completeValue(item, elements, `${path}[${index + 1}]`));
  if (!isRecord(value)) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(entries.map(([key, item]) => [key, completeValue(item, elements, `${path}.${key}`)]));
}

const CHECKS: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === "boolean",
  array: Array.isArray,
  set: Array.isArray,
  map: isRecord,
  record: isRecord,
};

function checkType(value: unknown, type: string, path: string): void {
  const check = CHECKS[type];
  if (check !== undefined && !check(value)) {
    throw wrong(path, `expected ${/^[aei]/.test(type) ? "an" : "a"} ${type}, got ${configKindOf(value)}`);
  }
}

function wrong(path: string, what: string): GatewayError {
  return new GatewayError("GATEWAY_CONFIG", `${path}: ${what}`);
}
