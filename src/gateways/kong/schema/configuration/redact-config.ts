// Hides what a plugin's schema says is secret, and what it says nothing of, before a configuration is shown.
import { isRecord } from "../../../../core/model/index.js";
import { isGatewayKey } from "./gateway-keys.js";
import { type FieldDefinition, readDefinition, readFields } from "../config-fields.js";

const REDACTED = "(redacted)";
const SCALARS: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: (value) => typeof value === "number",
  boolean: (value) => typeof value === "boolean",
};

/**
 * A copy of what may be shown, at any depth. Values marked `encrypted` or `referenceable` are replaced, and so are those that
 * are not of their field's type; a field that the schema does not have is left out, its name included. The gateway's own keys
 * are shown.
 */
export function redactConfig(fields: readonly unknown[], config: unknown): unknown {
  if (!isRecord(config)) return config === null || config === undefined ? config : REDACTED;
  const known = readFields(fields);
  const gateway = Object.entries(config).filter(
    ([name, value]) => isGatewayKey(name) && !known.has(name) && (typeof value === "string" || typeof value === "number"),
  );
  return { ...redactRecord(known, config), ...Object.fromEntries(gateway) };
}

function redactRecord(
  fields: ReadonlyMap<string, FieldDefinition>,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, item]) => {
      const definition = fields.get(name);
      return definition === undefined ? [] : [[name, redact(definition, item)]];
    }),
  );
}

function redact(definition: FieldDefinition | undefined, value: unknown): unknown {
  if (value === null || value === undefined) return value;
  if (definition === undefined || isSecret(definition)) return REDACTED;
  const { type, attributes } = definition;
  if (typeof type !== "string") return REDACTED;
  if (Object.hasOwn(SCALARS, type)) return SCALARS[type]?.(value) === true ? value : REDACTED;
  if (isEmpty(value)) return value;
  if ((type === "array" || type === "set") && Array.isArray(value)) {
    const elements = readDefinition(attributes["elements"]);
    return value.map((item) => redact(elements, item));
  }
  if (!isRecord(value)) return REDACTED;
  if (type === "record") return redactRecord(readFields(attributes["fields"]), value);
  return type === "map" ? redactMap(attributes, value) : REDACTED;
}

function redactMap(attributes: FieldDefinition["attributes"], value: Readonly<Record<string, unknown>>): unknown {
  const [keys, values] = [readDefinition(attributes["keys"]), readDefinition(attributes["values"])];
  const areKeysKnown = keys !== undefined && !isSecret(keys);
  const entries = Object.entries(value).map(([key, item], index) => {
    const shown = redact(values, item);
    // A value of another kind than the map's may have a key of another kind too.
    const fits = shown !== REDACTED || (values !== undefined && isSecret(values));
    return [areKeysKnown && fits ? key : `(redacted ${index + 1})`, shown];
  });
  return Object.fromEntries(entries);
}

const isSecret = ({ attributes }: FieldDefinition): boolean =>
  attributes["encrypted"] === true || attributes["referenceable"] === true;

/** Lua has one empty table, which may come as either. */
const isEmpty = (value: unknown): boolean => typeof value === "object" && value !== null && Object.keys(value).length === 0;
