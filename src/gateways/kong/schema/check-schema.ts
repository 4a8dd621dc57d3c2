// Checks a configuration schema as the gateway will when it starts: a plugin with one that it refuses keeps it from starting.
import { isRecord } from "../../../core/model/index.js";
import { isGatewayKey } from "./configuration/gateway-keys.js";
import { checkAttributes } from "./check-attributes.js";
import { checkDefault } from "./check-default.js";
import { checkEntityChecks } from "./check-entity-checks.js";
import { FIELD_TYPES, type FieldType, NEEDED_ATTRIBUTES } from "./schema-attributes.js";
import { kindOf, listed, schemaError, schemaNote, type SchemaProblem, schemaWarning, suggestion } from "./schema-problem.js";

/** Deeper than any configuration is: a schema that contains itself cannot come out of JSON, but one can be generated. */
const MAX_DEPTH = 100;

/** Everything that is wrong with the fields of a configuration, in their order. */
export function checkSchema(fields: readonly unknown[]): SchemaProblem[] {
  return checkFields(fields, "config", 0);
}

function checkFields(fields: unknown, path: string, depth: number): SchemaProblem[] {
  if (depth > MAX_DEPTH) return [schemaError(path, `is nested more than ${MAX_DEPTH} deep`)];
  // In Lua an empty object and an empty list are the same.
  if (isRecord(fields) && Object.keys(fields).length === 0) return [];
  if (!Array.isArray(fields))
    return [schemaError(path, `its fields must be a list such as [{ name: { type: "string" } }], not ${kindOf(fields)}`)];
  const names = new Set<string>();
  return fields.flatMap((field: unknown, index) => checkEntry(field, `${path}.fields[${index}]`, path, names, depth));
}

/** One element of a list of fields: an object with one key. */
function checkEntry(field: unknown, where: string, path: string, names: Set<string>, depth: number): SchemaProblem[] {
  const entries = isRecord(field) ? Object.entries(field) : [];
  const [entry] = entries;
  if (entry === undefined || entries.length > 1) {
    const found = entries.length > 1 ? `${entries.length} keys (${entries.map(([name]) => name).join(", ")})` : kindOf(field);
    return [schemaError(where, `must be an object with one key, the name of the field, and has ${found}`)];
  }
  const [name, definition] = entry;
  if (name === "") return [schemaError(where, "has no name")];
  const fieldPath = `${path}.${name}`;
  const problems: SchemaProblem[] = [];
  if (names.has(name)) problems.push(schemaError(fieldPath, "comes twice: one of the two would be lost"));
  names.add(name);
  if (path === "config" && isGatewayKey(name))
    problems.push(schemaWarning(fieldPath, "is a name that the gateway writes its own value to: choose another"));
  return [...problems, ...checkOptional(definition, fieldPath), ...checkField(definition, fieldPath, depth)];
}

/** Kong fills a record in that a configuration leaves out, and then misses what is required in it. */
function checkOptional(definition: unknown, path: string): SchemaProblem[] {
  if (!isRecord(definition) || definition["type"] !== "record" || definition["required"] === true) return [];
  if ((definition["default"] ?? undefined) !== undefined) return [];
  const missing = neededIn(definition["fields"], 0);
  if (missing === undefined) return [];
  const advice = "make the record required, the field optional, or give it a default";
  return [
    schemaWarning(
      path,
      `is optional, but each configuration without it is invalid in Kong: ${missing} is required in it; ${advice}`,
    ),
  ];
}

/** The first field that has no value unless a configuration gives it one. */
function neededIn(fields: unknown, depth: number): string | undefined {
  if (!Array.isArray(fields) || depth > MAX_DEPTH) return undefined;
  for (const field of fields as unknown[]) {
    const [[name, definition] = []] = isRecord(field) ? Object.entries(field) : [];
    if (name === undefined || !isRecord(definition) || definition["required"] !== true) continue;
    if ((definition["default"] ?? undefined) !== undefined) continue;
    if (definition["type"] !== "record") return name;
    const inner = neededIn(definition["fields"], depth + 1);
    if (inner !== undefined) return `${name}.${inner}`;
  }
  return undefined;
}

function checkField(definition: unknown, path: string, depth: number): SchemaProblem[] {
  if (!isRecord(definition))
    return [schemaError(path, `must be an object such as { type: "string" }, not ${kindOf(definition)}`)];
  const { type } = definition;
  if (type === undefined || type === null) return [schemaError(path, 'has no type: say { type: "string" }')];
  const known = FIELD_TYPES.find((candidate) => candidate === type);
  if (known === undefined) {
    const hint = typeof type === "string" ? suggestion(type, FIELD_TYPES) : "";
    const choice = hint === "" ? `: there are ${listed(FIELD_TYPES, "and")}` : hint;
    return [schemaError(path, `has the type ${kindOf(type)}, which Kong does not have${choice}`)];
  }
  return [...checkKnown(definition, known, path), ...checkInside(definition, known, path, depth)];
}

function checkKnown(definition: Readonly<Record<string, unknown>>, type: FieldType, path: string): SchemaProblem[] {
  const problems = checkAttributes(definition, type, path);
  for (const needed of NEEDED_ATTRIBUTES[type] ?? []) {
    const excused = type === "record" && definition["abstract"] === true;
    if ((definition[needed] ?? undefined) === undefined && !excused)
      problems.push(schemaError(path, `is ${/^[aeiou]/.test(type) ? "an" : "a"} ${type} and does not say its "${needed}"`));
  }
  if (type === "function") problems.push(schemaWarning(path, "is a function, which no configuration can contain"));
  if (type === "json") problems.push(schemaNote(path, 'the type "json" needs Kong 3.5 or newer'));
  return problems;
}

function checkInside(
  definition: Readonly<Record<string, unknown>>,
  type: FieldType,
  path: string,
  depth: number,
): SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  for (const part of ["elements", "keys", "values"] as const) {
    const inner = definition[part] ?? undefined;
    if (inner !== undefined && depth < MAX_DEPTH) problems.push(...checkField(inner, `${path}.${part}`, depth + 1));
  }
  const fields = definition["fields"] ?? undefined;
  if (fields !== undefined) problems.push(...checkFields(fields, path, depth + 1));
  if (type === "record") problems.push(...checkEntityChecks(definition, path));
  const broken = problems.some(({ severity }) => severity === "error");
  // A value cannot be judged by a definition that is wrong itself.
  return broken ? problems : [...problems, ...checkDefault(definition, path)];
}
