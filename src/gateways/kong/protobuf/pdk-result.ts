// Reads what a PDK function returned from the message that ProtoBuf:1 has for it.
import { isOwnMemory } from "../../../core/net/index.js";
import { decodeProtobuf, type Fields, fieldsOf } from "./message-type.js";
import type { ResultType } from "./pdk-service.js";
import { readTextMessage } from "./text-call.js";
import { fromStruct, fromValue, isFields, textOf } from "./value.js";

/** A body that the gateway has left in a file, because it is large. */
export class BodyFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }
}

/** The gateway could not run the function, and says why. */
class ResultError extends Error {
  override readonly name = "ResultError";
}

/**
 * Nil, an empty string, 0 and false look alike: a message of no bytes. For these functions it is not nil, since as
 * measured over MessagePack they never return that.
 */
const NEVER_NIL: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["kong.ip.is_trusted", false],
  ["kong.request.get_raw_query", ""],
]);

/** The value, `undefined` for nil; a {@link BodyFile} where it has still to be read. */
export function readPdkResult(type: ResultType, method: string, bytes: Buffer): unknown {
  const text = type === "String" ? readTextMessage(bytes) : undefined;
  if (text !== undefined) return text;
  const fields = type === "Empty" || bytes.length === 0 ? {} : decodeProtobuf(type, bytes);
  switch (type) {
    case "Empty":
      return undefined;
    case "String":
      return Object.hasOwn(fields, "v") ? textOf(fields["v"]) : NEVER_NIL.get(method);
    case "Bool":
    case "Int":
    case "Number":
      return Object.hasOwn(fields, "v") ? fields["v"] : NEVER_NIL.get(method);
    case "ByteString":
      return ownBytes(fields["v"]);
    case "Value":
      return fromValue(fields) ?? undefined;
    case "Struct":
      return multimap(fromStruct(fields));
    case "RawBodyResult":
      return rawBody(fields);
    case "UriCapturesResult":
      return captures(fields);
    case "MemoryStats":
    case "AuthenticatedCredential":
    case "Consumer":
    case "Route":
    case "Service":
      return bytes.length === 0 ? undefined : entity(type, fields);
  }
}

/** A bare query argument is `true` here and an empty list over MessagePack, which is what plugins know. */
function multimap(values: ReadonlyMap<string, unknown>): Map<string, unknown> {
  return new Map([...values].map(([name, value]) => [name, value === true ? [] : value]));
}

function rawBody(fields: Fields): unknown {
  if (Object.hasOwn(fields, "body_filepath")) return new BodyFile(String(textOf(fields["body_filepath"])));
  if (Object.hasOwn(fields, "error")) throw new ResultError(String(textOf(fields["error"])));
  return ownBytes(fields["content"]);
}

function ownBytes(bytes: unknown): Buffer {
  if (!(bytes instanceof Uint8Array)) return Buffer.alloc(0);
  return isOwnMemory(bytes) ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) : Buffer.from(bytes);
}

/** The gateway leaves the whole match out, which is number 0. */
function captures(fields: Fields): unknown {
  const unnamed = Array.isArray(fields["unnamed"]) ? fields["unnamed"] : [];
  const named = Array.isArray(fields["named"]) ? fields["named"].filter(isFields) : [];
  return {
    unnamed: new Map(unnamed.map((text, index) => [index + 1, textOf(text)])),
    named: new Map(named.map(({ key, value }) => [String(textOf(key)), textOf(value)])),
  };
}

const SCALARS: ReadonlySet<string> = new Set(["bool", "bytes", "double", "int32", "int64", "string"]);

/** A record as over MessagePack: what is nil is not there, but a boolean that is false is. */
function entity(type: Parameters<typeof fieldsOf>[0], fields: Fields): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (const { name, type: fieldType } of fieldsOf(type)) {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (Array.isArray(value)) {
      if (value.length > 0) record[name] = value.map((item) => fieldValue(fieldType, item));
    } else if (value !== undefined) record[name] = fieldValue(fieldType, value);
    else if (fieldType === "bool") record[name] = false;
  }
  return record;
}

function fieldValue(type: string, value: unknown): unknown {
  if (type === "bytes") return textOf(value);
  if (type === "int64") return Number(value);
  if (SCALARS.has(type)) return value;
  return isFields(value) ? entity(type as Parameters<typeof fieldsOf>[0], value) : undefined;
}
