// Reads a configuration schema off an object's fields, and writes a configuration back onto them, as Go plugins have it.
import { isObject } from "./module-values.js";

type FieldSchema = Readonly<Record<string, unknown>>;
type Fields = Record<string, unknown>;

/** Go has typed fields; here the value that New() gave a field stands for its type. */
const UNTYPED_ELEMENT: FieldSchema = { type: "string" };

/** The one key of an object that says what a map has under any key. */
const ANY_NAME = "";

/** One Kong field per own field of the object. What is no data (functions, null, dates, …) is not configuration. */
export function configFields(instance: Fields): FieldSchema[] {
  const fields: FieldSchema[] = [];
  for (const [name, value] of Object.entries(instance)) {
    const schema = fieldSchema(value);
    if (schema !== undefined) fields.push({ [name]: schema });
  }
  return fields;
}

/**
 * The types that go-pluginserver derives. Unlike Go, a value other than its type's zero value becomes the default, so that
 * the gateway shows what the plugin would do.
 */
function fieldSchema(value: unknown): FieldSchema | undefined {
  const type = typeOf(value);
  if (type === undefined) return undefined;
  if (type["type"] === "record") return { type: "record", fields: configFields(value as Fields) };
  return isDefault(value) ? { ...type, default: value } : type;
}

/** The type alone: defaults belong to fields, not to the elements of a list. */
function typeOf(value: unknown): FieldSchema | undefined {
  if (typeof value === "string") return { type: "string" };
  if (typeof value === "boolean") return { type: "boolean" };
  // JavaScript cannot tell 1 from 1.0, so a number must allow fractions.
  if (typeof value === "number") return Number.isFinite(value) ? { type: "number" } : undefined;
  if (Array.isArray(value)) return { type: "array", elements: typeOf(value[0]) ?? UNTYPED_ELEMENT };
  return isPlainObject(value) ? objectType(value) : undefined;
}

/** An object with fields is a record; an empty one is a map, which takes any name. `{ "": 0 }` says of what the map is. */
function objectType(value: Fields): FieldSchema {
  if (statesValues(value)) return { type: "map", keys: { type: "string" }, values: typeOf(value[ANY_NAME]) ?? UNTYPED_ELEMENT };
  const fields: FieldSchema[] = [];
  for (const [name, member] of Object.entries(value)) {
    const type = typeOf(member);
    if (type !== undefined) fields.push({ [name]: type });
  }
  return fields.length > 0 ? { type: "record", fields } : { type: "map", keys: { type: "string" }, values: UNTYPED_ELEMENT };
}

/** Kong refuses a default that does not fit its type, so a list must be all of one. */
function isDefault(value: unknown): boolean {
  if (!Array.isArray(value)) return typeof value !== "object" && Boolean(value);
  if (statesElements(value)) return false;
  const [first, ...others] = value.map((element) => JSON.stringify(typeOf(element)));
  return first !== undefined && others.every((other) => other === first);
}

/** A list of one zero value, such as `[0]` or `[{ name: "" }]`, says what its elements are, as `[]int` does: it has none. */
function statesElements(value: unknown): value is readonly [unknown] {
  return Array.isArray(value) && value.length === 1 && isZero(value[0]);
}

function statesValues(value: unknown): value is Fields {
  return isPlainObject(value) && Object.keys(value).join() === ANY_NAME && Object.hasOwn(value, ANY_NAME);
}

/** What a field of this type has in Go before anything is assigned. */
function isZero(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0 || statesElements(value);
  if (isPlainObject(value)) return Object.values(value).every((member) => isZero(member) || typeOf(member) === undefined);
  return value === "" || value === 0 || value === false;
}

/** Puts what the gateway sent into the fields the object has; an absent or null value leaves a field as New() made it. */
export function assignConfig(instance: Fields, config: Readonly<Fields>): void {
  for (const [name, present] of Object.entries(instance)) {
    if (typeof present === "function") continue;
    const value = Object.hasOwn(config, name) ? (config[name] ?? undefined) : undefined;
    if (value !== undefined) instance[name] = conformed(present, value);
    else if (holdsStatement(present)) instance[name] = withoutStatements(present);
  }
}

/** The value that the gateway sent, in the form that New() gave the field. */
function conformed(present: unknown, value: unknown): unknown {
  if (isRecord(present) && isObject(value)) return merged(present, value);
  if (isEmptyTable(value)) return emptyLike(present);
  if (statesElements(present) && Array.isArray(value)) return value.map((element) => conformed(present[0], element));
  if (statesValues(present) && isObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, conformed(present[ANY_NAME], member)]));
  return value;
}

/** A statement of a type is no value that a handler should find. */
function holdsStatement(value: unknown): boolean {
  if (statesElements(value) || statesValues(value)) return true;
  return isPlainObject(value) && Object.values(value).some(holdsStatement);
}

function withoutStatements(value: unknown): unknown {
  if (!holdsStatement(value)) return value;
  return isRecord(value) ? merged(value, {}) : emptyLike(value);
}

function isRecord(value: unknown): value is Fields {
  return isPlainObject(value) && objectType(value)["type"] === "record";
}

/** A copy: New() may give every instance the same inner object. */
function merged(present: Fields, value: Readonly<Fields>): Fields {
  const copy = { ...present };
  assignConfig(copy, value);
  return copy;
}

/** Lua has one empty table: as JSON it comes as a list or as an object, whichever the gateway's version prefers. */
function isEmptyTable(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length === 0;
}

function emptyLike(present: unknown): unknown {
  return Array.isArray(present) ? [] : {};
}

function isPlainObject(value: unknown): value is Fields {
  if (!isObject(value) || typeof value === "function" || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
