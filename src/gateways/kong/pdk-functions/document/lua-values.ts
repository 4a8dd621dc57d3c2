// What a plugin's values become inside the gateway: Lua's view of arguments, tables, numbers and JSON.

import { ByteText, byteStringOf, isText, textFromBytes } from "./byte-text.js";

export type LuaTable = readonly unknown[] | Readonly<Record<string, unknown>> | ReadonlyMap<unknown, unknown>;

/** A decoded MessagePack value as Lua sees it: str and bin are equal, and a nil in a map is no entry. */
export function fromWire(value: unknown): unknown {
  if (value instanceof Uint8Array) return textFromBytes(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
  if (Array.isArray(value)) return value.map(fromWire);
  if (value instanceof Map) {
    return new Map([...value].filter(([, item]) => item !== null).map(([key, item]) => [fromWire(key), fromWire(item)]));
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== null);
  // Lua cannot tell an empty map from an empty array.
  if (entries.length === 0) return [];
  return Object.fromEntries(entries.map(([key, item]) => [key, fromWire(item)]));
}

/** The arguments a PDK function gets: Lua's unpack stops at the first nil. */
export function argumentsFromWire(args: unknown): unknown[] {
  if (!Array.isArray(args)) return args === null || args === undefined || isTable(args) ? [] : [fromWire(args)];
  const end = args.findIndex((arg) => arg === null || arg === undefined);
  return (end < 0 ? args : args.slice(0, end)).map(fromWire);
}

export function isTable(value: unknown): value is LuaTable {
  return typeof value === "object" && value !== null && !(value instanceof ByteText) && !(value instanceof Uint8Array);
}

/** Lua's pairs: an array has the keys 1 to n. */
export function tableEntries(table: LuaTable): [key: unknown, value: unknown][] {
  if (Array.isArray(table)) return table.map((item, index) => [index + 1, item]);
  if (table instanceof Map) return [...table];
  return Object.entries(table);
}

/** Lua's ipairs: the items 1, 2, … up to the first nil; a table with other keys has none. */
export function tableItems(table: LuaTable): unknown[] {
  if (!Array.isArray(table)) return [];
  const end = table.findIndex((item) => item === null || item === undefined);
  return end < 0 ? table : table.slice(0, end);
}

/** Lua's tostring for what can be a header or query value, as a byte string. */
export function scalarByteString(value: unknown): string {
  if (isText(value)) return byteStringOf(value);
  if (isTable(value)) return "table: 0x7f0000000000";
  return String(value);
}

/** JSON as the gateway writes it: strings byte for byte, and `/` escaped. */
export function luaJson(value: unknown, options: { emptyTable: "{}" | "[]" }): Buffer {
  const json = JSON.stringify(jsonReady(value, options.emptyTable === "{}"));
  return Buffer.from(json.replaceAll("/", "\\/"), "latin1");
}

function jsonReady(value: unknown, emptyIsObject: boolean): unknown {
  if (isText(value)) return byteStringOf(value);
  if (Array.isArray(value)) {
    return value.length === 0 && emptyIsObject ? {} : value.map((item) => jsonReady(item, emptyIsObject));
  }
  if (!isTable(value)) return value;
  const entries = tableEntries(value).map(([key, item]): [string, unknown] => [
    scalarByteString(key),
    jsonReady(item, emptyIsObject),
  ]);
  return Object.fromEntries(entries);
}

/** JSON read for a plugin: an empty object is an empty Lua table, which looks like an empty array. */
export function parseJsonForPlugin(bytes: Buffer): unknown {
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString("utf8"));
  } catch {
    // As the gateway does: a body that is no JSON is nil.
    return undefined;
  }
  return typeof parsed === "object" && parsed !== null ? withoutEmptyObjects(parsed) : undefined;
}

function withoutEmptyObjects(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmptyObjects);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  if (entries.length === 0) return [];
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutEmptyObjects(item)]));
}
