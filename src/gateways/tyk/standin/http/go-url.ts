// URLs and queries as Go's net/url reads and writes them.
import type { ByteString } from "./byte-text.js";

/** Path and raw query, each still escaped. */
export interface GoUrl {
  readonly path: string;
  readonly query: string;
}

export type GoQuery = ReadonlyMap<ByteString, readonly ByteString[]>;

const CONTROL = /[\0-\x1f\x7f]/;
const BAD_ESCAPE = /%(?![\da-fA-F]{2})/;

/** An absolute path, or an absolute URI, whose scheme and host say nothing here. Undefined where Go finds an error. */
export function parseRequestUri(text: string): GoUrl | undefined {
  if (text === "" || CONTROL.test(text)) return undefined;
  const [whole = "", ...query] = text.split("?");
  const [, authority, rest = ""] = /^[a-zA-Z][\w+.-]*:\/\/([^/]*)(\/.*)?$/s.exec(whole) ?? [];
  const path = authority === undefined ? whole : rest;
  if ((authority === undefined && !path.startsWith("/")) || BAD_ESCAPE.test(path)) return undefined;
  return { path, query: query.join("?") };
}

export const urlText = ({ path, query }: GoUrl): string => (query === "" ? path : `${path}?${query}`);

/** What cannot be read is left out, as Go's `URL.Query` does. */
export function parseGoQuery(raw: string): GoQuery {
  const values = new Map<ByteString, ByteString[]>();
  for (const part of raw.split("&")) {
    if (part === "" || part.includes(";") || BAD_ESCAPE.test(part)) continue;
    const at = part.indexOf("=");
    const name = unescapeQuery(at === -1 ? part : part.slice(0, at));
    values.set(name, [...(values.get(name) ?? []), at === -1 ? "" : unescapeQuery(part.slice(at + 1))]);
  }
  return values;
}

/** Sorted by name. */
export function encodeQuery(query: GoQuery): string {
  const sorted = [...query].sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
  return sorted.flatMap(([name, values]) => values.map((value) => `${escapeQuery(name)}=${escapeQuery(value)}`)).join("&");
}

export function isSameQuery(left: GoQuery, right: GoQuery): boolean {
  return encodeQuery(left) === encodeQuery(right);
}

function unescapeQuery(text: string): ByteString {
  return text
    .replaceAll("+", " ")
    .replace(/%([\da-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function escapeQuery(text: ByteString): string {
  return text.replace(/[^\w.~-]/g, (byte) =>
    byte === " " ? "+" : `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}
