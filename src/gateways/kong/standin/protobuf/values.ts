// Between Lua's values and the messages for values of any type, as Kong converts them.

import {
  bytesOf,
  byteStringOf,
  ByteText,
  isTable,
  isText,
  tableEntries,
  tableItems,
  textFromBytes,
} from "../../pdk-functions/index.js";
import { isFields, type Fields } from "./messages.js";

/** A `Value`; nil is null_value 1, and a table with a first item is a list. */
export function toValue(value: unknown): Fields {
  if (value === undefined || value === null) return { kind: { case: "nullValue", value: 1 } };
  if (isText(value)) return { kind: { case: "stringValue", value: bytesOf(value) } };
  if (value instanceof Uint8Array) return { kind: { case: "stringValue", value } };
  if (typeof value === "number") return { kind: { case: "numberValue", value } };
  if (typeof value === "boolean") return { kind: { case: "boolValue", value } };
  const items = isTable(value) ? tableItems(value) : [];
  if (items.length > 0) return { kind: { case: "listValue", value: { values: items.map(toValue) } } };
  return { kind: { case: "structValue", value: toStruct(value) } };
}

export function toStruct(table: unknown): Fields {
  const entries = isTable(table) ? tableEntries(table) : [];
  return {
    fields: entries.map(([key, value]) => ({
      key: isText(key) ? bytesOf(key) : Buffer.from(String(key)),
      value: toValue(value),
    })),
  };
}

/** What a function gets; `false` becomes nil inside Kong. */
export function fromValue(value: unknown): unknown {
  const kind = isFields(value) && isFields(value["kind"]) ? value["kind"] : {};
  const { case: name, value: content } = kind;
  if (name === "stringValue" && content instanceof Uint8Array) return textFromBytes(Buffer.from(content));
  if (name === "numberValue") return content;
  if (name === "boolValue") return content === true ? true : undefined;
  if (name === "listValue") return fromList(content);
  return name === "structValue" ? fromStruct(content) : undefined;
}

export function fromList(list: unknown): unknown[] {
  return isFields(list) && Array.isArray(list["values"]) ? list["values"].map(fromValue) : [];
}

/** An empty table looks like an empty array. */
export function fromStruct(struct: unknown): unknown {
  const fields = isFields(struct) && Array.isArray(struct["fields"]) ? struct["fields"].filter(isFields) : [];
  const entries = fields.map((field): [string, unknown] => [byteKey(field["key"]), fromValue(field["value"])]);
  return entries.length === 0 ? [] : Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function byteKey(key: unknown): string {
  const text = key instanceof Uint8Array ? textFromBytes(Buffer.from(key)) : "";
  return text instanceof ByteText ? byteStringOf(text) : text;
}
