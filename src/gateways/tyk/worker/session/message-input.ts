// Makes a message's fields of a plugin's plain object, by the message's own table: names and types are checked at the plugin's call.
import { isRecord } from "../../../../core/model/index.js";
import { TykError } from "../../api/index.js";
import type { FieldTable, MessageType, ScalarType, SessionInput } from "../../messages/index.js";
import { showShort, wellFormed } from "../http/http-rules.js";

const TYPE_NAMES: Readonly<Record<ScalarType, string>> = {
  string: "text",
  bytes: "bytes",
  int32: "a whole number",
  int64: "a whole number",
  double: "a number",
  bool: "true or false",
};

/** @throws {TykError} naming the field, for one that there is not or a value of another type. */
export function messageInput(type: MessageType, value: Readonly<Record<string, unknown>>, subject: string): SessionInput {
  return fieldsOf(type, value, "", subject);
}

function fieldsOf(type: MessageType, value: Readonly<Record<string, unknown>>, path: string, subject: string): object {
  const fields: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(value)) {
    const place = path === "" ? name : `${path}.${name}`;
    const field = Object.hasOwn(type.fields, name) ? type.fields[name] : undefined;
    if (field === undefined)
      throw new TykError("TYK_BAD_ARGUMENT", subject, `there is no field ${place}${alike(type.fields, name)}`);
    if (given !== undefined) fields[name] = fieldOf(field, given, place, subject);
  }
  return fields;
}

function fieldOf({ shape, type }: FieldTable[string], given: unknown, place: string, subject: string): unknown {
  if (shape === "list") {
    if (!Array.isArray(given)) throw wrong(place, "a list", given, subject);
    return given.map((each, i) => valueOf(type, each, `${place}[${i}]`, subject));
  }
  if (shape === "map") {
    if (!(given instanceof Map) && !isRecord(given)) throw wrong(place, "an object", given, subject);
    const entries: Iterable<[unknown, unknown]> = given instanceof Map ? given : Object.entries(given);
    return new Map(
      [...entries].map(([key, each]) => {
        const name = wellFormed(String(key), subject);
        return [name, valueOf(type, each, `${place}.${name}`, subject)] as const;
      }),
    );
  }
  return valueOf(type, given, place, subject);
}

function valueOf(type: ScalarType | MessageType, value: unknown, place: string, subject: string): unknown {
  if (typeof type !== "string") {
    if (!isRecord(value)) throw wrong(place, "an object", value, subject);
    return fieldsOf(type, value, place, subject);
  }
  if (!fits(type, value)) throw wrong(place, TYPE_NAMES[type], value, subject);
  return typeof value === "string" ? wellFormed(value, subject) : value;
}

function fits(type: ScalarType, value: unknown): boolean {
  switch (type) {
    case "string":
      return typeof value === "string";
    case "bytes":
      return value instanceof Uint8Array;
    case "bool":
      return typeof value === "boolean";
    case "double":
      return typeof value === "number" && Number.isFinite(value);
    case "int32":
    case "int64":
      return Number.isSafeInteger(value);
  }
}

/** `quotaMax` is `quota_max` for Tyk. */
function alike(fields: FieldTable, name: string): string {
  const plain = (text: string): string => text.replaceAll("_", "").toLowerCase();
  const known = Object.keys(fields).find((candidate) => plain(candidate) === plain(name));
  return known === undefined ? "" : `: it is ${known}`;
}

const wrong = (place: string, wanted: string, value: unknown, subject: string): TykError =>
  new TykError("TYK_BAD_ARGUMENT", subject, `${place} must be ${wanted}, not ${showShort(value)}`);
