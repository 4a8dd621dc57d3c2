// Checks that a field's default is a value that the field itself would take: Kong refuses the plugin otherwise.
import { isRecord } from "../../../core/model/index.js";
import { checkConfig } from "./configuration/check-config.js";
import { readDefinition, readFields } from "./config-fields.js";
import { schemaError, type SchemaProblem } from "./schema-problem.js";

const FIELD = "value";

export function checkDefault(definition: Readonly<Record<string, unknown>>, path: string): SchemaProblem[] {
  if (!Object.hasOwn(definition, "default") || definition["default"] === undefined) return [];
  const value = definition["default"];
  if (value === null)
    return definition["required"] === true ? [schemaError(path, "its default is null, and it is required")] : [];
  // Without its default a required field would count as filled.
  const problems = checkConfig([{ [FIELD]: { ...definition, default: undefined } }], { [FIELD]: value });
  return [...problems.map(({ path: at, reason }) => ({ at, reason })), ...strictness(definition, value, `config.${FIELD}`)].map(
    ({ at, reason }) => schemaError(path, `its default does not fit: ${at.replace(`config.${FIELD}`, "default")} ${reason}`),
  );
}

/** What a gateway is strict about in a schema, and a plugin server need not be in a configuration. */
function strictness(
  definition: Readonly<Record<string, unknown>>,
  value: unknown,
  at: string,
): { readonly at: string; readonly reason: string }[] {
  if (value === "" && definition["type"] === "string" && definition["len_min"] === undefined)
    return [{ at, reason: "is an empty text, which needs len_min: 0" }];
  const inner = readDefinition(definition["elements"] ?? definition["values"])?.attributes;
  if (Array.isArray(value))
    return inner === undefined ? [] : value.flatMap((item: unknown, index) => strictness(inner, item, `${at}[${index}]`));
  if (!isRecord(value)) return [];
  const fields = definition["type"] === "record" ? readFields(definition["fields"]) : undefined;
  return Object.entries(value).flatMap(([name, item]) => {
    const field = fields === undefined ? inner : fields.get(name)?.attributes;
    if (field !== undefined) return strictness(field, item, `${at}.${name}`);
    return fields === undefined ? [] : [{ at: `${at}.${name}`, reason: "is not a field of the record" }];
  });
}
