// Owns bodies by their content type: JSON, forms and multipart forms, read and written with what is wrong where it is.
import { messageOf } from "../../../../core/model/index.js";
import { flatFields } from "./body-fields.js";
import { formatForm, parseForm } from "./form-body.js";
import { boundaryOf, formatMultipart, isUploadedFile, newBoundary, parseMultipart } from "./multipart-body.js";

type Kind = "json" | "form" | "multipart";

function kindOf(contentType: string): Kind {
  const type = (contentType.split(";")[0] ?? "").trim().toLowerCase();
  if (/^application\/(?:[\w.-]+\+)?json$/.test(type)) return "json";
  if (type === "application/x-www-form-urlencoded") return "form";
  if (type === "multipart/form-data") return "multipart";
  throw new TypeError("this is none of JSON, form and multipart form; read or write it as raw body");
}

/** @throws {TypeError} that says what is wrong, without the body's content: that is for no log. */
export function parseBody(body: Buffer, contentType: string): unknown {
  const kind = kindOf(contentType);
  if (kind === "json") return parseJson(body);
  return kind === "form" ? parseForm(body) : parseMultipart(body, contentType);
}

/** @throws {TypeError} that says what cannot be written. */
export function formatBody(body: object, contentType: string): { readonly bytes: Buffer; readonly contentType: string } {
  const kind = kindOf(contentType);
  if (kind === "json") return { bytes: Buffer.from(JSON.stringify(body)), contentType };
  if (kind === "form") return { bytes: formatForm(flatFields(body)), contentType };
  const boundary = boundaryOf(contentType) ?? newBoundary();
  return {
    bytes: formatMultipart(flatFields(body, isUploadedFile), boundary),
    contentType: `multipart/form-data; boundary=${/^[\w'()+,./:=?-]+$/.test(boundary) && !/[(),/:=?]/.test(boundary) ? boundary : `"${boundary}"`}`,
  };
}

function parseJson(body: Buffer): unknown {
  const value: unknown = JSON.parse(decoded(body));
  if (typeof value !== "object" || value === null) throw new TypeError("it is JSON, but no object and no list");
  return value;
}

function decoded(body: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch (cause) {
    throw new TypeError("it is not UTF-8", { cause });
  }
}

/** The reason in an error of the functions above; the JSON parser's quotes the body, which is left out. */
export function bodyProblem(error: unknown): string {
  const message = messageOf(error);
  const isQuoted = error instanceof SyntaxError && message.endsWith(" is not valid JSON");
  const [what = message] = isQuoted ? message.split(/, (?:\.\.\.)?"/, 1) : [];
  return what === message ? message : `${what} is not valid JSON`;
}
