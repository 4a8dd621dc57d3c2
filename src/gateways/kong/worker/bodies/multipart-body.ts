// Owns multipart/form-data: fields and files from bytes, and bytes from them.
import { randomUUID } from "node:crypto";
import type { UploadedFile } from "../../pdk/index.js";
import { headerParameters } from "../calls/header-parameters.js";
import { addField, fieldText, type FieldValue, type BodyFields } from "./body-fields.js";

const BLANK_LINE = "\r\n\r\n";
/** No browser and no form has more. */
const MAX_PARTS = 1000;
/** Bytes of what stands before the blank line of a part. */
const MAX_HEAD = 16 * 1024;

export const boundaryOf = (contentType: string): string | undefined => headerParameters(contentType).get("boundary");

export const newBoundary = (): string => `pluginserver-${randomUUID()}`;

/** @throws {TypeError} for bytes that are no such form. */
export function parseMultipart(body: Buffer, contentType: string): BodyFields {
  const boundary = boundaryOf(contentType);
  if (boundary === undefined || boundary === "") throw new TypeError("the type names no boundary");
  const fields: BodyFields = Object.create(null) as BodyFields;
  for (const part of partsOf(body, Buffer.from(boundary, "latin1"))) {
    const end = part.indexOf(BLANK_LINE);
    if (end > MAX_HEAD) throw new TypeError(`a part has a header of more than ${MAX_HEAD} bytes`);
    if (end < 0) throw new TypeError("a part has no blank line behind its header");
    // As bytes: no character beyond ASCII may count as the end of a line.
    const lines = part.toString("latin1", 0, end).split(/[\r\n]/);
    const parameters = headerParameters(headerOf(lines, "content-disposition") ?? "");
    const name = unescaped(parameters.get("name"));
    if (name === undefined) throw new TypeError("a part has no name");
    const content = part.subarray(end + BLANK_LINE.length);
    addField(fields, name, contentOf(content, unescaped(parameters.get("filename")), headerOf(lines, "content-type")));
  }
  return fields;
}

/** The value of the first header of that name. */
function headerOf(lines: readonly string[], name: string): string | undefined {
  const start = `${name}:`;
  const line = lines.find((each) => each.slice(0, start.length).toLowerCase() === start);
  return line?.slice(start.length).trim();
}

function contentOf(bytes: Buffer, filename: string | undefined, contentType: string | undefined): string | Buffer | UploadedFile {
  if (filename === undefined) return fieldText(bytes);
  return { filename, ...(contentType === undefined ? {} : { contentType }), content: Buffer.from(bytes) };
}

/** What lies between the boundary's lines. */
function partsOf(body: Buffer, boundary: Buffer): Buffer[] {
  const opening = Buffer.concat([Buffer.from("--"), boundary]);
  const between = Buffer.concat([Buffer.from("\r\n--"), boundary]);
  const parts: Buffer[] = [];
  let at = body.subarray(0, opening.length).equals(opening) ? opening.length : endOf(body, between, 0);
  if (at < 0) throw new TypeError("the boundary is not in it");
  for (;;) {
    if (body.toString("latin1", at, at + 2) === "--") return parts;
    const start = body.indexOf("\r\n", at);
    const next = start < 0 ? -1 : body.indexOf(between, start);
    if (next < 0) throw new TypeError("it stops before the closing boundary");
    // A part may begin with its blank line; the line end behind the boundary belongs to neither.
    if (parts.length === MAX_PARTS) throw new TypeError(`it has more than ${MAX_PARTS} parts`);
    parts.push(body.subarray(Math.min(start + 2, next), next));
    at = next + between.length;
  }
}

function endOf(body: Buffer, bytes: Buffer, from: number): number {
  const start = body.indexOf(bytes, from);
  return start < 0 ? -1 : start + bytes.length;
}

/** As browsers write them: a quote and line ends are escaped with a percent sign, and nothing else is. */
function unescaped(value: string | undefined): string | undefined {
  const text = value?.replace(/%(22|0D|0A)/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return text === undefined ? undefined : Buffer.from(text, "latin1").toString("utf8");
}

const escaped = (text: string): string => text.replace(/["\r\n]/g, (mark) => encodeURIComponent(mark));

/** @throws {TypeError} where a value contains the boundary. */
export function formatMultipart(
  fields: readonly (readonly [name: string, value: FieldValue | UploadedFile])[],
  boundary: string,
): Buffer {
  const chunks: Uint8Array[] = [];
  for (const [name, value] of fields) {
    const content = isUploadedFile(value) ? value.content : value instanceof Uint8Array ? value : Buffer.from(String(value));
    if (Buffer.from(content).includes(`--${boundary}`, 0, "latin1")) throw new TypeError(`field ${name} contains the boundary`);
    chunks.push(Buffer.from(`--${boundary}\r\n${headOf(name, value)}\r\n`), content, Buffer.from("\r\n"));
  }
  return Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)]);
}

function headOf(name: string, value: FieldValue | UploadedFile): string {
  const field = `Content-Disposition: form-data; name="${escaped(name)}"`;
  if (!isUploadedFile(value)) return `${field}\r\n`;
  const type = (value.contentType ?? "application/octet-stream").replace(/[\r\n]/g, " ");
  return `${field}; filename="${escaped(value.filename)}"\r\nContent-Type: ${type}\r\n`;
}

export function isUploadedFile(value: unknown): value is UploadedFile {
  return (
    typeof value === "object" &&
    value !== null &&
    "filename" in value &&
    typeof value.filename === "string" &&
    "content" in value &&
    value.content instanceof Uint8Array
  );
}
