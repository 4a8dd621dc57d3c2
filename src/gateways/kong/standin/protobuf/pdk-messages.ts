// Reads the arguments of a PDK function from its message, and writes what it returned into the message for that.

import { ScalarType } from "@bufbuild/protobuf";

import { bytesOf, isTable, isText, type LuaTable, RefusedCall, tableEntries, textFromBytes } from "../../pdk-functions/index.js";
import { encodeFields, decodeFields, isFields, type DescField, type Fields, type PdkMessages } from "./messages.js";
import { fromList, fromStruct, fromValue, toStruct, toValue } from "./values.js";

const text = (bytes: unknown): unknown => (bytes instanceof Uint8Array ? textFromBytes(Buffer.from(bytes)) : undefined);

const ARGUMENTS: Readonly<Record<string, (fields: Fields) => unknown[]>> = {
  Empty: () => [],
  Bool: ({ v }) => [v],
  Int: ({ v }) => [v],
  Number: ({ v }) => [v],
  String: ({ v }) => [text(v)],
  ByteString: ({ v }) => [text(v)],
  KV: ({ k, v }) => [text(k), fromValue(v)],
  ListValue: (fields) => fromList(fields),
  Struct: (fields) => [fromStruct(fields)],
  Target: ({ host, port }) => [text(host), port],
  ConsumerSpec: ({ id, byUsername }) => [text(id), byUsername],
  AuthenticateArgs: ({ consumer, credential }) => [entityTable(consumer), entityTable(credential)],
  ExitArgs: ({ status, body, headers }) => [
    status,
    body instanceof Uint8Array && body.length > 0 ? text(body) : undefined,
    headers === undefined ? undefined : fromStruct(headers),
  ],
};

export function decodeArguments({ input }: PdkMessages, bytes: Uint8Array): unknown[] {
  const args = ARGUMENTS[input.name]?.(decodeFields(input, bytes)) ?? [];
  const end = args.findLastIndex((item) => item !== undefined);
  return args.slice(0, end + 1);
}

/** Of an entity that a plugin sends: only what it has. */
function entityTable(message: unknown): unknown {
  if (!isFields(message)) return undefined;
  const names: Readonly<Record<string, string>> = { customId: "custom_id", consumerId: "consumer_id", createdAt: "created_at" };
  const entries = Object.entries(message).flatMap(([name, value]): [string, unknown][] => {
    if (value instanceof Uint8Array) return value.length === 0 ? [] : [[names[name] ?? name, text(value)]];
    if (Array.isArray(value)) return value.length === 0 ? [] : [[names[name] ?? name, value.map(text)]];
    return typeof value === "bigint" && value !== 0n ? [[names[name] ?? name, Number(value)]] : [];
  });
  return Object.fromEntries(entries);
}

/** False is sent from Kong 3.4 on, although it is what nothing at all means too. */
const FALSE = Buffer.from([0x08, 0x00]);

/** @throws {RefusedCall} for what the message cannot carry: Kong fails at that too. */
export function encodeResult({ output }: PdkMessages, method: string, value: unknown): Buffer {
  if (output.name === "Empty") return Buffer.alloc(0);
  if (output.name === "Bool" && value === false) return FALSE;
  return encodeFields(output, resultFields(output.name, output.fields, method, value));
}

function resultFields(name: string, fields: readonly DescField[], method: string, value: unknown): Fields {
  switch (name) {
    case "Value":
      return toValue(value);
    case "Struct":
      return toStruct(singleValues(value));
    case "RawBodyResult":
      return { kind: { case: value instanceof Uint8Array ? "content" : "bodyFilepath", value: bytes(method, value) } };
    case "UriCapturesResult":
      return captures(value);
    case "String":
    case "ByteString":
      return value === undefined ? {} : { v: bytes(method, value) };
    case "Bool":
    case "Int":
    case "Number":
      return value === undefined ? {} : { v: value };
    default:
      return isTable(value) ? entityFields(fields, recordOf(value)) : {};
  }
}

function recordOf(table: LuaTable): Readonly<Record<string, unknown>> {
  return Object.fromEntries(tableEntries(table).map(([key, item]) => [String(key), item]));
}

function bytes(method: string, value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (isText(value)) return bytesOf(value);
  throw new RefusedCall(`${method} returned a ${typeof value}, which its message cannot carry`);
}

/** Headers and query arguments: one value is itself, none is true, several are a list. */
function singleValues(table: unknown): unknown {
  if (!isTable(table)) return {};
  const single = (value: unknown): unknown =>
    Array.isArray(value) ? (value.length === 0 ? true : value.length === 1 ? value[0] : value) : value;
  return Object.fromEntries(tableEntries(table).map(([key, value]) => [String(key), single(value)]));
}

/** The whole match, number 0, is left out. */
function captures(value: unknown): Fields {
  const parts = isFields(value) ? value : {};
  const { unnamed, named } = parts;
  const numbered = unnamed instanceof Map ? [...unnamed].filter(([index]) => Number(index) > 0) : [];
  const names = isTable(named) ? tableEntries(named) : [];
  return {
    unnamed: numbered.map(([, item]) => (isText(item) ? bytesOf(item) : Buffer.alloc(0))),
    named: names.map(([key, item]) => ({ key: Buffer.from(String(key)), value: isText(item) ? bytesOf(item) : Buffer.alloc(0) })),
  };
}

/** The fields of an entity that its message has; what is nil is left out. */
function entityFields(fields: readonly DescField[], entity: Readonly<Record<string, unknown>>): Fields {
  return Object.fromEntries(
    fields.flatMap((field): [string, unknown][] => {
      const value = entity[field.name];
      if (value === undefined || value === null) return [];
      if (field.fieldKind !== "list") return [[field.localName, entityField(field, value)]];
      return Array.isArray(value) ? [[field.localName, value.map((item) => entityField(field, item))]] : [];
    }),
  );
}

function entityField(field: DescField, value: unknown): unknown {
  if (field.message !== undefined) return isTable(value) ? entityFields(field.message.fields, recordOf(value)) : {};
  if (isText(value)) return bytesOf(value);
  return typeof value === "number" && field.scalar === ScalarType.INT64 ? BigInt(Math.trunc(value)) : value;
}
