// Finds what a configuration has and a schema has not: the gateway would refuse such a configuration.
import { isRecord } from "../../../../core/model/index.js";
import { isGatewayKey } from "./gateway-keys.js";
import type { ConfigProblem } from "./check-config.js";
import { type FieldDefinition, readDefinition, readFields } from "../config-fields.js";

/** A name inside of a record is not told: what was a map before has keys that may be secrets. */
export function unknownFields(fields: readonly unknown[], config: Readonly<Record<string, unknown>>): ConfigProblem[] {
  const known = readFields(fields);
  return Object.entries(config).flatMap(([name, value]) => {
    const definition = known.get(name);
    if (definition !== undefined) return inside(definition, value, `config.${name}`);
    if (isGatewayKey(name) || isNothing(value)) return [];
    return [{ path: `config.${name}`, reason: "is not in the schema any more" }];
  });
}

function inside({ type, attributes }: FieldDefinition, value: unknown, path: string): ConfigProblem[] {
  if (Array.isArray(value)) {
    const elements = readDefinition(attributes["elements"]);
    return elements === undefined ? [] : value.flatMap((item, index) => inside(elements, item, `${path}[${index}]`));
  }
  if (!isRecord(value)) return [];
  if (type === "map") {
    const values = readDefinition(attributes["values"]);
    return values === undefined ? [] : Object.values(value).flatMap((item) => inside(values, item, `a value of ${path}`));
  }
  if (type !== "record") return [];
  const known = readFields(attributes["fields"]);
  const strange = Object.entries(value).some(([name, item]) => !known.has(name) && !isNothing(item));
  return [
    ...(strange ? [{ path, reason: "has a field that is not in the schema any more" }] : []),
    ...[...known].flatMap(([name, definition]) => inside(definition, value[name], `${path}.${name}`)),
  ];
}

const isNothing = (value: unknown): boolean => value === null || value === undefined;
