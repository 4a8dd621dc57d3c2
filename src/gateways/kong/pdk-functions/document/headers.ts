// Operations on a list of HTTP headers, in wire order, names in any case, values as byte strings.

import { textFromByteString, type PluginText } from "./byte-text.js";

export type HeaderList = [name: string, value: string][];

// Lua code may write X_One for X-One.
function canonical(name: string): string {
  return name.toLowerCase().replaceAll("_", "-");
}

export function getHeader(headers: HeaderList, name: string): string | undefined {
  const wanted = canonical(name);
  return headers.find(([key]) => canonical(key) === wanted)?.[1];
}

export function getHeaderValues(headers: HeaderList, name: string): string[] {
  const wanted = canonical(name);
  return headers.filter(([key]) => canonical(key) === wanted).map(([, value]) => value);
}

export function setHeader(headers: HeaderList, name: string, values: readonly string[]): void {
  const wanted = canonical(name);
  const index = headers.findIndex(([key]) => canonical(key) === wanted);
  removeHeader(headers, name);
  const replacement = values.map((value): [string, string] => [name, value]);
  headers.splice(index < 0 ? headers.length : index, 0, ...replacement);
}

export function addHeader(headers: HeaderList, name: string, values: readonly string[]): void {
  for (const value of values) headers.push([name, value]);
}

export function removeHeader(headers: HeaderList, name: string): void {
  const unwanted = canonical(name);
  const kept = headers.filter(([key]) => canonical(key) !== unwanted);
  headers.splice(0, headers.length, ...kept);
}

/** `{ name: [value, …] }` with lower-case names, of at most so many lines. */
export function headersForPlugin(headers: HeaderList, limit: number): Record<string, PluginText[]> {
  const values = new Map<string, PluginText[]>();
  for (const [name, value] of headers.slice(0, limit)) {
    const key = name.toLowerCase();
    const known = values.get(key);
    if (known === undefined) values.set(key, [textFromByteString(value)]);
    else known.push(textFromByteString(value));
  }
  return Object.fromEntries(values);
}

/** `["a", "1", "b", "2"]`, as node:http has them, to pairs. */
export function headersFromRaw(raw: readonly string[]): HeaderList {
  const headers: HeaderList = [];
  for (let index = 0; index + 1 < raw.length; index += 2) headers.push([raw[index] ?? "", raw[index + 1] ?? ""]);
  return headers;
}
