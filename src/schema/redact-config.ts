// Hides what a plugin's schema says is secret, before a configuration is shown.
import { type FieldDefinition, isRecord, readDefinition, readFields } from "./config-fields.js";

const REDACTED = "(redacted)";

/** A copy in which values marked `encrypted` or `referenceable` are replaced, at any depth. */
export function redactConfig(fields: readonly unknown[], config: unknown): unknown {
  return redactRecord(readFields(fields), config);
}

function redactRecord(fields: ReadonlyMap<string, FieldDefinition>, value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, redact(fields.get(name), item)]));
}

function redact(definition: FieldDefinition | undefined, value: unknown): unknown {
  if (definition === undefined || value === null || value === undefined) return value;
  const { attributes } = definition;
  if (attributes["encrypted"] === true || attributes["referenceable"] === true) return REDACTED;
  const elements = readDefinition(attributes["elements"]);
  if (Array.isArray(value)) return value.map((item) => redact(elements, item));
  if (definition.type === "record") return redactRecord(readFields(attributes["fields"]), value);
  const values = readDefinition(attributes["values"]);
  if (definition.type === "map" && isRecord(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redact(values, item)]));
  }
  return value;
}
