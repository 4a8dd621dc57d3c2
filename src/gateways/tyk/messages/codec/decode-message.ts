// Decodes whole messages by the table of their fields.
import { MessageError } from "./message-error.js";
import {
  type Decoded,
  ENTRY_KEY,
  ENTRY_VALUE,
  type FieldTable,
  type MessageType,
  type NamedField,
  type ScalarType,
} from "./message-types.js";
import { WIRE_TYPES, WireReader } from "./wire-reader.js";

type Fields = Record<string, unknown>;

/**
 * Reads a message. Its `bytes` fields are views of `bytes`. Unknown fields are passed over: a newer gateway may send them.
 * @throws {MessageError} for bytes that are no such message.
 */
export function decodeMessage<Table extends FieldTable>(type: MessageType<Table>, bytes: Buffer): Decoded<Table> {
  const fields = emptyFields(type);
  readFields(type, new WireReader(bytes), bytes.length, fields);
  return fields as Decoded<Table>;
}

/** Every field of the type at its default. */
function emptyFields(type: MessageType): Fields {
  const fields: Fields = {};
  for (const field of type.ordered) fields[field.name] = defaultOf(field);
  return fields;
}

const NO_BYTES = Buffer.alloc(0);
const DEFAULTS = { string: "", bytes: NO_BYTES, int32: 0, int64: 0, double: 0, bool: false } as const satisfies Record<
  ScalarType,
  unknown
>;

export function defaultOf({ shape, type }: NamedField): unknown {
  if (shape === "map") return new Map();
  if (shape === "list") return [];
  return typeof type === "string" ? DEFAULTS[type] : undefined;
}

function readFields(type: MessageType, reader: WireReader, end: number, fields: Fields): void {
  while (reader.position < end) {
    const tag = reader.tag(end);
    const field = type.byId[tag >>> 3];
    if (field === undefined) reader.skip(tag & 7, end);
    else readField(type, field, tag & 7, reader, end, fields);
  }
}

/** Adds one field of the wire to the fields that have been read. */
function readField(
  type: MessageType,
  field: NamedField,
  wireType: number,
  reader: WireReader,
  end: number,
  fields: Fields,
): void {
  const { name, shape, type: valueType } = field;
  if (shape === "map") {
    requireWireType(type, field, wireType, WIRE_TYPES.bytes);
    readEntry(valueType, reader, end, fields[name] as Map<string, unknown>);
  } else if (shape === "list") {
    const values = fields[name] as unknown[];
    if (valueType === "double" && wireType === WIRE_TYPES.bytes) readPacked(reader, end, values);
    else {
      requireWireType(type, field, wireType, wireTypeOf(valueType));
      values.push(readValue(valueType, reader, end, undefined));
    }
  } else {
    requireWireType(type, field, wireType, wireTypeOf(valueType));
    // A message that comes in two parts is one: the later fields count.
    fields[name] = readValue(valueType, reader, end, fields[name]);
  }
}

/** A list of numbers as gateways write it: one after another, without tags. */
function readPacked(reader: WireReader, end: number, values: unknown[]): void {
  const size = reader.length(end);
  const stop = reader.position + size;
  while (reader.position < stop) values.push(reader.double(stop));
}

function readEntry(valueType: ScalarType | MessageType, reader: WireReader, end: number, entries: Map<string, unknown>): void {
  const size = reader.length(end);
  const stop = reader.position + size;
  let key = "";
  let value: unknown = typeof valueType === "string" ? DEFAULTS[valueType] : undefined;
  while (reader.position < stop) {
    const tag = reader.tag(stop);
    if (tag === ((ENTRY_KEY << 3) | WIRE_TYPES.bytes)) key = reader.text(reader.length(stop));
    else if (tag === ((ENTRY_VALUE << 3) | wireTypeOf(valueType))) value = readValue(valueType, reader, stop, value);
    else reader.skip(tag & 7, stop);
  }
  entries.set(key, value ?? (typeof valueType === "string" ? "" : emptyFields(valueType)));
}

function readValue(type: ScalarType | MessageType, reader: WireReader, end: number, former: unknown): unknown {
  if (type === "string") return reader.text(reader.length(end));
  if (type === "bytes") {
    const size = reader.length(end);
    const start = reader.position;
    reader.position = start + size;
    return reader.bytes.subarray(start, start + size);
  }
  if (typeof type === "string") return reader[type](end);
  const size = reader.length(end);
  const fields = (former as Fields | undefined) ?? emptyFields(type);
  readFields(type, reader, reader.position + size, fields);
  return fields;
}

function wireTypeOf(type: ScalarType | MessageType): number {
  if (type === "int32" || type === "int64" || type === "bool") return WIRE_TYPES.varint;
  return type === "double" ? WIRE_TYPES.fixed64 : WIRE_TYPES.bytes;
}

function requireWireType(type: MessageType, { name }: NamedField, is: number, wanted: number): void {
  if (is !== wanted) throw new MessageError("COPROCESS_MALFORMED", `${type.name}.${name} is of wire type ${is}, not ${wanted}`);
}

/** One field from where it lies in the bytes: every place of it, in order. */
export function decodeField(type: MessageType, field: NamedField, reader: WireReader, places: readonly number[]): unknown {
  const fields: Fields = { [field.name]: defaultOf(field) };
  for (const place of places) {
    reader.position = place;
    const end = reader.bytes.length;
    const tag = reader.tag(end);
    readField(type, field, tag & 7, reader, end, fields);
  }
  return fields[field.name];
}
