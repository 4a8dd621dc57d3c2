// Checks the checks over several fields of a record: that Kong has them, and that the fields they name are there.
import { isRecord } from "../../../core/model/index.js";
import { readFields } from "./config-fields.js";
import { ENTITY_CHECKS } from "./schema-attributes.js";
import { kindOf, schemaError, schemaNote, type SchemaProblem, schemaWarning, suggestion } from "./schema-problem.js";

export function checkEntityChecks(definition: Readonly<Record<string, unknown>>, path: string): SchemaProblem[] {
  const checks = definition["entity_checks"] ?? undefined;
  if (checks === undefined) return [];
  if (!Array.isArray(checks)) return [schemaError(path, `"entity_checks" must be a list, not ${kindOf(checks)}`)];
  const names = new Set(readFields(definition["fields"]).keys());
  return checks.flatMap((check: unknown, index) => checkOne(check, names, `${path}.entity_checks[${index}]`));
}

function checkOne(check: unknown, names: ReadonlySet<string>, path: string): SchemaProblem[] {
  const entries = isRecord(check) ? Object.entries(check) : [];
  const [entry] = entries;
  if (entry === undefined || entries.length > 1)
    return [schemaError(path, 'must be an object with one key, such as { at_least_one_of: ["a", "b"] }')];
  const [name, argument] = entry;
  const rule = Object.hasOwn(ENTITY_CHECKS, name) ? ENTITY_CHECKS[name] : undefined;
  if (rule === undefined)
    return [schemaError(path, `is "${name}", a check that Kong does not have${suggestion(name, Object.keys(ENTITY_CHECKS))}`)];
  const problems: SchemaProblem[] = [];
  if (name === "custom_entity_check")
    problems.push(schemaError(path, "needs a Lua function, which a plugin server cannot give: check in the plugin"));
  if (rule.since !== undefined) problems.push(schemaNote(path, `"${name}" needs Kong ${rule.since} or newer`));
  const fields = fieldsOf(argument, rule.fieldsIn);
  if (fields === undefined)
    return [
      ...problems,
      schemaError(path, `"${name}" must ${rule.fieldsIn === undefined ? "be a list of" : "be an object with"} names of fields`),
    ];
  // A name with a dot leads into a record.
  const missing = fields.filter((field) => !names.has(field.split(".")[0] ?? field));
  return [...problems, ...missing.map((field) => schemaWarning(path, `names the field "${field}", which is not there`))];
}

/** The fields that a check names, or undefined where it is not written as Kong has it. */
function fieldsOf(argument: unknown, attributes: readonly string[] | undefined): string[] | undefined {
  if (attributes === undefined) return namesIn(argument);
  if (!isRecord(argument)) return undefined;
  const lists = attributes.map((attribute) => {
    const value = argument[attribute];
    if (value === undefined || value === null) return [];
    return typeof value === "string" ? [value] : namesIn(value);
  });
  return lists.every((list) => list !== undefined) ? lists.flat() : undefined;
}

function namesIn(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : undefined;
}
