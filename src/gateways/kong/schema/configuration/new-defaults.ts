// Fills in what a gateway would have filled in, had it known the fields that a schema has got since.
import { isDeepStrictEqual } from "node:util";
import { isRecord } from "../../../../core/model/index.js";
import { type FieldDefinition, readFields } from "../config-fields.js";

/**
 * The configuration with the defaults of fields that are in `after` and not in `before`: the gateway, which knows `before`,
 * cannot have said anything of them. The same object where nothing is to be filled in.
 */
export function withNewDefaults(
  before: readonly unknown[],
  after: readonly unknown[],
  config: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return isDeepStrictEqual(before, after) ? config : fill(readFields(before), readFields(after), config);
}

type Fields = ReadonlyMap<string, FieldDefinition>;

function fill(before: Fields, after: Fields, config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const added = [...after].flatMap(([name, definition]) => {
    const former = before.get(name);
    const value = Object.hasOwn(config, name) ? config[name] : undefined;
    const filled = former === undefined ? newValue(definition, value) : inside(former, definition, value);
    return filled === value ? [] : [[name, filled]];
  });
  return added.length === 0 ? config : { ...config, ...(Object.fromEntries(added) as Record<string, unknown>) };
}

function newValue({ type, attributes }: FieldDefinition, value: unknown): unknown {
  if (value !== undefined && value !== null) return value;
  const fallback = attributes["default"];
  if (fallback !== undefined) return structuredClone(fallback);
  // The gateway makes a required record itself.
  if (type !== "record" || attributes["required"] !== true) return value;
  return fill(new Map(), readFields(attributes["fields"]), {});
}

function inside(former: FieldDefinition, definition: FieldDefinition, value: unknown): unknown {
  if (definition.type !== "record" || !isRecord(value)) return value;
  return fill(readFields(former.attributes["fields"]), readFields(definition.attributes["fields"]), value);
}
