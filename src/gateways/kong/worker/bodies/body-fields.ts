// Owns the fields of a form, whichever way it is written: names with text, bytes or lists of them.
import { utf8Text } from "../../msgpack/index.js";

export type FieldValue = string | number | bigint | boolean | Uint8Array;

/** What a form holds; repeated names have a list. No prototype: names come from outside. */
export type BodyFields = Record<string, unknown>;

export function addField(fields: BodyFields, name: string, value: unknown): void {
  if (!Object.hasOwn(fields, name)) {
    fields[name] = value;
    return;
  }
  const known = fields[name];
  if (Array.isArray(known)) known.push(value);
  else fields[name] = [known, value];
}

/** Text, or the bytes where they are not UTF-8. */
export function fieldText(bytes: Buffer): string | Buffer {
  return utf8Text(bytes) ?? Buffer.from(bytes);
}

/**
 * One entry per value, lists taken apart, `null` and `undefined` left out.
 * @throws {TypeError} that names the field whose value a form cannot have
 */
export function flatFields<Extra = never>(
  body: object,
  isExtra?: (value: unknown) => value is Extra,
): (readonly [name: string, value: FieldValue | Extra])[] {
  if (Array.isArray(body)) throw new TypeError("a list has no field names");
  return Object.entries(body).flatMap(([name, value]: [string, unknown]) =>
    (Array.isArray(value) ? (value as unknown[]) : [value]).flatMap((item) => {
      if (item === null || item === undefined) return [];
      if (!isFieldValue(item) && isExtra?.(item) !== true)
        throw new TypeError(`field ${name} has a value that is no text, number, boolean or bytes`);
      return [[name, item] as const];
    }),
  );
}

function isFieldValue(value: unknown): value is FieldValue {
  return ["string", "number", "bigint", "boolean"].includes(typeof value) || value instanceof Uint8Array;
}
