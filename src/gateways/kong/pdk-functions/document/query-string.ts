// Reads and writes query strings as nginx's Lua functions do, on byte strings.

import { textFromByteString, type PluginText } from "./byte-text.js";
import { isTable, scalarByteString, tableEntries, tableItems, type LuaTable } from "./lua-values.js";

/** A bare name (`?flag`) has the value true. */
export type ParsedQueryValue = PluginText | true;

export function parseQuery(query: string, limit: number): Map<string, ParsedQueryValue[]> {
  const values = new Map<string, ParsedQueryValue[]>();
  const parts = query.split("&").filter((part) => part !== "");
  for (const part of parts.slice(0, limit)) {
    const equals = part.indexOf("=");
    const name = decodePart(equals < 0 ? part : part.slice(0, equals));
    if (name === "") continue;
    const value = equals < 0 ? true : textFromByteString(decodePart(part.slice(equals + 1)));
    const known = values.get(name);
    if (known === undefined) values.set(name, [value]);
    else known.push(value);
  }
  return values;
}

/** One value as it is, several as an array: what Lua code sees. */
export function queryTable(
  values: ReadonlyMap<string, ParsedQueryValue[]>,
): Record<string, ParsedQueryValue | ParsedQueryValue[]> {
  const entries = [...values].map(([name, items]): [string, ParsedQueryValue | ParsedQueryValue[]] => {
    const [first] = items;
    return [nameForPlugin(name), items.length === 1 && first !== undefined ? first : items];
  });
  return Object.fromEntries(entries);
}

/** Every value in an array, and a bare name with an empty one: what StepMultiMap carries. */
export function queryMultiMap(values: ReadonlyMap<string, ParsedQueryValue[]>): Record<string, ParsedQueryValue[]> {
  const entries = [...values].map(([name, items]): [string, ParsedQueryValue[]] => {
    return [nameForPlugin(name), items.length === 1 && items[0] === true ? [] : items];
  });
  return Object.fromEntries(entries);
}

// A map key must be text; one that is not UTF-8 is kept readable, one character per byte.
function nameForPlugin(name: string): string {
  const text = textFromByteString(name);
  return typeof text === "string" ? text : name;
}

/** Sorted by name, as the gateway writes the query of `set_query`; undefined if the table cannot be one. */
export function formatQuery(table: LuaTable): string | undefined {
  const parts: string[] = [];
  for (const [name, value] of tableEntries(table)) {
    if (typeof name !== "string") return undefined;
    const items = isTable(value) ? tableItems(value) : [value];
    if (items.some((item) => isTable(item))) return undefined;
    const pairs = items.filter((item) => item !== false).map((item) => formatPair(name, item));
    if (pairs.length > 0) parts.push(pairs.join("&"));
  }
  return parts.sort().join("&");
}

function formatPair(name: string, value: unknown): string {
  const key = encodePart(scalarByteString(name));
  return value === true ? key : `${key}=${encodePart(scalarByteString(value))}`;
}

function decodePart(part: string): string {
  const decoded = part.replaceAll("+", " ");
  return decoded.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

function encodePart(byteString: string): string {
  return byteString.replace(/[^A-Za-z0-9\-._~]/g, (byte) => percent(byte));
}

function percent(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}
