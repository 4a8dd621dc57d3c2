// Owns application/x-www-form-urlencoded: fields from bytes, and bytes from fields, as nginx's Lua functions have them.
import { addField, fieldText, type FieldValue, type BodyFields } from "./body-fields.js";

/** A bare name (`flag`) is `true`; a field without a name is left out. */
export function parseForm(body: Buffer): BodyFields {
  const fields: BodyFields = Object.create(null) as BodyFields;
  for (const part of body.toString("latin1").split("&")) {
    const equals = part.indexOf("=");
    const name = unescapeBytes(equals < 0 ? part : part.slice(0, equals)).toString("utf8");
    if (name === "") continue;
    addField(fields, name, equals < 0 ? true : fieldText(unescapeBytes(part.slice(equals + 1))));
  }
  return fields;
}

/** `true` writes the bare name, `false` nothing. */
export function formatForm(fields: readonly (readonly [name: string, value: FieldValue])[]): Buffer {
  const parts = fields.flatMap(([name, value]) => {
    if (value === false) return [];
    return value === true
      ? [escapeBytes(Buffer.from(name))]
      : [`${escapeBytes(Buffer.from(name))}=${escapeBytes(bytesOf(value))}`];
  });
  return Buffer.from(parts.join("&"), "latin1");
}

const bytesOf = (value: FieldValue): Uint8Array => (value instanceof Uint8Array ? value : Buffer.from(String(value)));

function unescapeBytes(text: string): Buffer {
  const spaced = text.replaceAll("+", " ");
  return Buffer.from(
    spaced.replace(/%([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
}

function escapeBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString("latin1")
    .replace(/[^A-Za-z0-9\-._~]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}
