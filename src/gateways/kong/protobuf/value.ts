// Converts between JavaScript's values and the messages for values of any type.
import { utf8Text } from "../msgpack/index.js";
import type { Fields } from "./message-type.js";

/** Text for a plugin; what is not UTF-8 stays bytes, as on a MessagePack connection. */
export function textOf(bytes: unknown): string | Buffer {
  if (!(bytes instanceof Uint8Array)) return "";
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes);
  return utf8Text(buffer) ?? Buffer.from(buffer);
}

export function asBytes(value: string | Uint8Array): Uint8Array {
  return typeof value === "string" ? Buffer.from(value, "utf8") : value;
}

/**
 * A `Value`. Nil is one of no kind: inside the gateway it becomes nil, whereas `null_value` becomes a number or a name.
 * `value` has been made of plain data before.
 */
export function toValue(value: unknown): Fields {
  if (typeof value === "string") return { string_value: asBytes(value) };
  if (typeof value === "number") return { number_value: value };
  if (typeof value === "boolean") return { bool_value: value };
  if (typeof value === "bigint") return { number_value: Number(value) };
  return typeof value === "object" && value !== null ? compoundValue(value) : {};
}

function compoundValue(value: object): Fields {
  if (value instanceof Uint8Array) return { string_value: value };
  return Array.isArray(value) ? { list_value: toListValue(value) } : { struct_value: toStruct(value) };
}

export function toListValue(items: readonly unknown[]): Fields {
  // Not `map`, which passes over the holes of an array.
  return { values: Array.from(items, toValue) };
}

export function toStruct(record: object): Fields {
  return { fields: Object.entries(record).map(([key, value]) => ({ key: asBytes(key), value: toValue(value) })) };
}

/** Nil is null. */
export function fromValue(value: unknown): unknown {
  if (!isFields(value)) return null;
  // The fields of a oneof are set on the message itself; what is not there must not be read off its prototype.
  if (Object.hasOwn(value, "string_value")) return textOf(value["string_value"]);
  if (Object.hasOwn(value, "number_value")) return value["number_value"];
  if (Object.hasOwn(value, "bool_value")) return value["bool_value"];
  if (Object.hasOwn(value, "list_value")) return fromListValue(value["list_value"]);
  if (Object.hasOwn(value, "struct_value")) return fromStruct(value["struct_value"]);
  return null;
}

function fromListValue(list: unknown): unknown[] {
  return isFields(list) && Array.isArray(list["values"]) ? list["values"].map(fromValue) : [];
}

/** Keys come from outside, so that it is a Map. */
export function fromStruct(struct: unknown): Map<string, unknown> {
  const fields: unknown = isFields(struct) ? struct["fields"] : undefined;
  const entries = Array.isArray(fields) ? fields.filter(isFields) : [];
  return new Map(entries.map((field) => [String(textOf(field["key"])), fromValue(field["value"])]));
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}
