// Bodies as tables: JSON, forms and multipart forms, read and written.

import { byteStringOf, textFromBytes } from "./byte-text.js";
import { isTable, luaJson, parseJsonForPlugin, scalarByteString, tableEntries, type LuaTable } from "./lua-values.js";
import { formatQuery, parseQuery, queryTable } from "./query-string.js";

const FORM = "application/x-www-form-urlencoded";
const JSON_TYPE = "application/json";
const MULTIPART = "multipart/form-data";

/** The body as a plugin sees it; undefined when it cannot be read as that type. */
export function parseRequestBody(body: Buffer, contentType: string, limit: number): unknown {
  const type = contentType.toLowerCase();
  if (type.startsWith(FORM)) return queryTable(parseQuery(body.toString("latin1"), limit));
  if (type.startsWith(JSON_TYPE)) return parseJsonForPlugin(body);
  if (type.startsWith(MULTIPART)) return parseMultipart(body, contentType);
  return undefined;
}

/** The bytes of a table in a type; undefined for a type that is not supported or a table that does not fit it. */
export function formatRequestBody(table: LuaTable, contentType: string): { body: Buffer; contentType: string } | undefined {
  const [type = ""] = contentType.split(";");
  if (type === JSON_TYPE) return { body: luaJson(table, { emptyTable: "{}" }), contentType };
  if (type === FORM) {
    const query = formatQuery(table);
    return query === undefined ? undefined : { body: Buffer.from(query, "latin1"), contentType };
  }
  return type === MULTIPART ? formatMultipart(table, contentType) : undefined;
}

function boundaryOf(contentType: string): string | undefined {
  const match = /boundary=(?:"([^"]*)"|([^;\s]+))/i.exec(contentType);
  return match?.[1] ?? match?.[2];
}

function parseMultipart(body: Buffer, contentType: string): unknown {
  const boundary = boundaryOf(contentType);
  if (boundary === undefined) return undefined;
  const values = new Map<string, unknown[]>();
  for (const part of body.toString("latin1").split(`--${boundary}`).slice(1)) {
    if (part.startsWith("--")) break;
    const headEnd = part.indexOf("\r\n\r\n");
    const name = /content-disposition:[^\r\n]*;\s*name="([^"]*)"/i.exec(part.slice(0, headEnd))?.[1];
    if (headEnd < 0 || name === undefined) continue;
    const value = part.slice(headEnd + 4).replace(/\r?\n$/, "");
    values.set(name, [...(values.get(name) ?? []), textFromBytes(Buffer.from(value, "latin1"))]);
  }
  return Object.fromEntries([...values].map(([name, items]) => [name, items.length === 1 ? items[0] : items]));
}

function formatMultipart(table: LuaTable, contentType: string): { body: Buffer; contentType: string } | undefined {
  const boundary = boundaryOf(contentType) ?? String(Math.floor(Math.random() * 1e10));
  const parts: string[] = [];
  for (const [name, value] of tableEntries(table)) {
    if (typeof name !== "string" || isTable(value)) return undefined;
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${byteStringOf(name)}"\r\n\r\n`;
    parts.push(`${head}${scalarByteString(value)}\r\n`);
  }
  const body = Buffer.from(`${parts.sort().join("")}--${boundary}--\r\n`, "latin1");
  return { body, contentType: `${MULTIPART}; boundary=${boundary}` };
}
