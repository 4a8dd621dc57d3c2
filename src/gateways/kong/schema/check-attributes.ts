// Checks the attributes of one field: that Kong knows them, on this type, with such a value.
import { isRecord } from "../../../core/model/index.js";
import { type AttributeKind, type AttributeRule, ATTRIBUTES, type FieldType } from "./schema-attributes.js";
import { kindOf, listed, schemaError, schemaNote, type SchemaProblem, schemaWarning, suggestion } from "./schema-problem.js";

type Definition = Readonly<Record<string, unknown>>;

export function checkAttributes(definition: Definition, type: FieldType, path: string): SchemaProblem[] {
  return Object.entries(definition).flatMap(([name, value]) =>
    // JSON's null is what an attribute that is not there looks like.
    value === null || value === undefined ? [] : checkAttribute(name, value, type, path),
  );
}

function checkAttribute(name: string, value: unknown, type: FieldType, path: string): SchemaProblem[] {
  const rule = Object.hasOwn(ATTRIBUTES, name) ? ATTRIBUTES[name] : undefined;
  if (rule === undefined)
    return [
      schemaError(path, `has the attribute "${name}", which Kong does not have${suggestion(name, Object.keys(ATTRIBUTES))}`),
    ];
  if (rule.only !== undefined && !rule.only.includes(type))
    return [schemaError(path, `is of the type ${type}, for which Kong has no "${name}", only for ${listed(rule.only, "and")}`)];
  const wrong = wrongValue(rule.kind, value, type);
  if (wrong !== undefined) return [schemaError(path, `"${name}" ${wrong}`)];
  return remarksOn(name, value, rule, type, path);
}

function remarksOn(name: string, value: unknown, rule: AttributeRule, type: FieldType, path: string): SchemaProblem[] {
  const found: SchemaProblem[] = [];
  if (rule.meantFor !== undefined && !rule.meantFor.includes(type))
    found.push(schemaWarning(path, `"${name}" has no meaning for the type ${type}, only for ${listed(rule.meantFor, "and")}`));
  if (rule.since !== undefined) found.push(schemaNote(path, `"${name}" needs Kong ${rule.since} or newer`));
  if (rule.until !== undefined) found.push(schemaNote(path, `"${name}" is refused by Kong ${rule.until} and newer`));
  if (name === "between" && Array.isArray(value)) {
    const [low = 0, high = 0] = value as number[];
    if (low > high) found.push(schemaWarning(path, `"between" allows nothing: ${low} is more than ${high}`));
    if (!value.every(Number.isInteger)) found.push(schemaNote(path, '"between" with fractions needs Kong 3.4 or newer'));
  }
  return found;
}

const MIN_DESCRIPTION = 10;
const MAX_DESCRIPTION = 500;

/** What is wrong with the value of an attribute, or undefined. Fields inside are checked where the walk gets to them. */
function wrongValue(kind: AttributeKind, value: unknown, type: FieldType): string | undefined {
  switch (kind) {
    case "boolean":
    case "number":
      return typeof value === kind ? undefined : `must be a ${kind}, not ${kindOf(value)}`;
    case "string":
      return typeof value === "string" && value !== "" ? undefined : `must be a text, not ${kindOf(value)}`;
    case "description":
      return wrongDescription(value);
    case "integer":
      return Number.isInteger(value) ? undefined : `must be an integer, not ${kindOf(value)}`;
    case "list":
      return Array.isArray(value) ? undefined : `must be a list, not ${kindOf(value)}`;
    case "strings":
      return isStrings(value) ? undefined : "must be a list of texts";
    case "choices":
      return wrongChoices(value, type);
    case "limits":
      return isLimits(value)
        ? undefined
        : `must be a list of two numbers, the least and the greatest, not ${JSON.stringify(value)}`;
    case "patterns":
      return Array.isArray(value) && value.every(isPattern) ? undefined : 'must be a list such as [{ pattern: "^a" }]';
    case "any-pattern":
      return isRecord(value) && isStrings(value["patterns"]) ? undefined : 'must be an object such as { patterns: ["^a", "^b"] }';
    case "object":
      return isRecord(value) ? undefined : `must be an object, not ${kindOf(value)}`;
    case "lua":
      return "needs a Lua function, which a plugin server cannot give: check the value in the plugin";
    case "any":
    case "self":
    case "field":
    case "fields":
    case "checks":
      return undefined;
  }
}

function wrongDescription(value: unknown): string | undefined {
  if (typeof value !== "string") return `must be a text, not ${kindOf(value)}`;
  const length = Buffer.byteLength(value);
  if (length >= MIN_DESCRIPTION && length <= MAX_DESCRIPTION) return undefined;
  return `must have ${MIN_DESCRIPTION} to ${MAX_DESCRIPTION} characters, and has ${length}`;
}

/** Kong takes any list here; but a value of another type than the field's is one that no configuration can have. */
function wrongChoices(value: unknown, type: FieldType): string | undefined {
  if (!Array.isArray(value)) return `must be a list, not ${kindOf(value)}`;
  const fits = (choice: unknown): boolean => {
    if (type === "integer") return Number.isInteger(choice);
    return type === "string" || type === "number" ? typeof choice === type : choice !== null;
  };
  const wrong = (value as unknown[]).find((choice) => !fits(choice));
  return wrong === undefined ? undefined : `has the value ${kindOf(wrong)}, which is no ${type}`;
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string" && item !== "");
}

function isLimits(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every((limit) => typeof limit === "number");
}

function isPattern(value: unknown): boolean {
  return isRecord(value) && typeof value["pattern"] === "string" && value["pattern"] !== "";
}
