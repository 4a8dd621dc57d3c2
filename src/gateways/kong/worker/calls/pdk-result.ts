// Reads what a PDK function returned, by its declared type, from the value the gateway sent.
import type { ResultKind } from "../../pdk/index.js";
import { utf8Text } from "../../msgpack/index.js";

/** How a plugin wants bodies: kong-js-pdk's plugins treat them as strings. */
export type BodyKind = "buffer" | "text";

/**
 * The value as the plugin gets it. Lua's nil is `undefined`; an empty Lua table is an empty array on the wire whatever
 * it was meant to be, so the declared kind decides.
 */
export function readResult(kind: ResultKind, value: unknown, bodies: BodyKind): unknown {
  if (value === null || value === undefined) return undefined;
  switch (kind) {
    case "nothing":
      return undefined;
    case "bytes":
      return readBytes(value, bodies);
    case "multimap":
      return readMultimap(value);
    case "record":
      return readRecord(value);
    case "captures":
      return readCaptures(value);
    case "text":
    case "number":
    case "boolean":
    case "query-arg":
    case "value":
      return readValue(value);
  }
}

function readBytes(value: unknown, bodies: BodyKind): unknown {
  // Bodies are str up to Kong 2.8 and bin from 3.0: a plugin gets one kind from both.
  if (bodies === "buffer") return typeof value === "string" ? Buffer.from(value, "utf8") : value;
  return Buffer.isBuffer(value) ? (utf8Text(value) ?? value) : value;
}

function entriesOf(value: unknown): [unknown, unknown][] {
  if (value instanceof Map) return [...value.entries()];
  if (Array.isArray(value)) return value.map((item, index) => [index + 1, item]);
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}

// Header names come from outside: an object without a prototype has no `constructor` to be mistaken for a header.
function toRecord<T>(entries: [unknown, unknown][], read: (value: unknown) => T): Record<string, T> {
  const record = Object.create(null) as Record<string, T>;
  for (const [key, value] of entries) record[String(key)] = read(value);
  return record;
}

function readMultimap(value: unknown): Record<string, unknown[]> {
  return toRecord(entriesOf(value), (item) => (Array.isArray(item) ? (item as unknown[]) : [item]));
}

function readRecord(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? {} : value;
  return readValue(value);
}

function readCaptures(value: unknown): { named: Record<string, unknown>; unnamed: unknown[] } {
  const parts = toRecord(entriesOf(value), (item) => item);
  const unnamed: unknown[] = [];
  // Index 0 is the whole match, so the gateway sends a map with integer keys rather than an array.
  for (const [key, item] of entriesOf(parts["unnamed"])) unnamed[Number(key)] = item;
  return { named: toRecord(entriesOf(parts["named"]), (item) => item), unnamed };
}

/** An array with a hole arrives as a map with integer keys, at any depth; everything else is what it is. */
function readValue(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(readValue);
  if (!(value instanceof Map)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, readValue(item)]));
  const keys = [...value.keys()];
  if (!keys.every((key) => typeof key === "number" && Number.isInteger(key) && key > 0 && key <= keys.length * 8))
    return toRecord(entriesOf(value), readValue);
  const array: unknown[] = [];
  for (const [key, item] of value) array[Number(key) - 1] = readValue(item);
  return array;
}
