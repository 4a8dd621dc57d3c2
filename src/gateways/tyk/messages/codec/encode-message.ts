// Encodes messages by the table of their fields.
import {
  type Encodable,
  ENTRY_KEY,
  ENTRY_VALUE,
  type FieldTable,
  type MessageType,
  type NamedField,
  type ScalarType,
} from "./message-types.js";
import { WIRE_TYPES } from "./wire-reader.js";
import { badValue, WireWriter } from "./wire-writer.js";

/**
 * Writes a message. Fields that are left out or at their default (proto3) are not written; a message that is given always is.
 * `sizeHint`: bytes of its large fields together, so that room is made once.
 * @throws {MessageError} naming the field, for a value of another type or text that has no UTF-8: values may come from plugins.
 */
export function encodeMessage<Table extends FieldTable>(
  type: MessageType<Table>,
  fields: Encodable<Table>,
  sizeHint = 0,
): Buffer {
  const writer = new WireWriter(sizeHint);
  writeFields(writer, type, fields);
  return writer.finish();
}

function writeFields(writer: WireWriter, type: MessageType, fields: Readonly<Record<string, unknown>>): void {
  const { ordered } = type;
  for (let i = ordered.length - 1; i >= 0; i -= 1) {
    const field = ordered[i];
    if (field === undefined) continue;
    const value = fields[field.name];
    if (value !== undefined) writeField(writer, type, field, value);
  }
}

function writeField(writer: WireWriter, { name: message }: MessageType, field: NamedField, value: unknown): void {
  const { id, name, shape, type } = field;
  const path = `${message}.${name}`;
  if (shape === "map") {
    if (!(value instanceof Map)) throw badValue(path, "a map", value);
    writeMap(writer, id, type, value, path);
  } else if (shape === "list") {
    if (!Array.isArray(value)) throw badValue(path, "a list", value);
    if (type === "double") writePacked(writer, id, value, path);
    else for (let i = value.length - 1; i >= 0; i -= 1) writeValue(writer, id, type, value[i], path);
  } else if (!isDefault(value)) writeValue(writer, id, type, value, path);
}

/** What proto3 does not write. A message is never at its default: that it is there says something. */
const isDefault = (value: unknown): boolean =>
  value === "" || Object.is(value, 0) || value === false || (value instanceof Uint8Array && value.length === 0);

function writeMap(
  writer: WireWriter,
  id: number,
  type: ScalarType | MessageType,
  map: ReadonlyMap<unknown, unknown>,
  path: string,
): void {
  if (map.size === 0) return;
  for (const [key, value] of [...map].reverse()) {
    const before = writer.size;
    writeValue(writer, ENTRY_VALUE, type, value, path);
    writeValue(writer, ENTRY_KEY, "string", key, path);
    writer.close(id, before);
  }
}

function writePacked(writer: WireWriter, id: number, values: readonly unknown[], path: string): void {
  if (values.length === 0) return;
  const before = writer.size;
  for (let i = values.length - 1; i >= 0; i -= 1) writer.double(numberOf(values[i], path));
  writer.close(id, before);
}

/** With its tag. */
function writeValue(writer: WireWriter, id: number, type: ScalarType | MessageType, value: unknown, path: string): void {
  if (type === "string") {
    if (typeof value !== "string") throw badValue(path, "text", value);
    const before = writer.size;
    writer.text(value, path);
    writer.close(id, before);
  } else if (type === "bytes") {
    if (!(value instanceof Uint8Array)) throw badValue(path, "bytes", value);
    writer.bytes(value);
    writer.number(value.length);
    writer.tag(id, WIRE_TYPES.bytes);
  } else if (type === "bool") {
    if (typeof value !== "boolean") throw badValue(path, "true or false", value);
    writer.number(value ? 1 : 0);
    writer.tag(id, WIRE_TYPES.varint);
  } else if (type === "double") {
    writer.double(numberOf(value, path));
    writer.tag(id, WIRE_TYPES.fixed64);
  } else if (typeof type === "string") {
    const number = numberOf(value, path);
    if (type === "int32" && number !== (number | 0)) throw badValue(path, "a whole number of 32 bits", value);
    writer.int64(number, path);
    writer.tag(id, WIRE_TYPES.varint);
  } else {
    if (typeof value !== "object" || value === null) throw badValue(path, "a message", value);
    const before = writer.size;
    writeFields(writer, type, value as Readonly<Record<string, unknown>>);
    writer.close(id, before);
  }
}

function numberOf(value: unknown, path: string): number {
  if (typeof value !== "number") throw badValue(path, "a number", value);
  return value;
}
