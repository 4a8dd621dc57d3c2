// Reads the recordings of Kong that lie beside the project, where they are there.

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { ByteText, type HeaderList } from "../../../../../src/gateways/kong/pdk-functions/index.js";

const FOLDER = fileURLToPath(new URL("../../../../../../shared/vectors", import.meta.url));

export type VectorLine = Record<string, unknown>;

export function hasVectors(file: string): boolean {
  return existsSync(`${FOLDER}/${file}`);
}

export function readVectors(file: string): VectorLine[] {
  const lines = readFileSync(`${FOLDER}/${file}`, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as VectorLine);
}

/** A recorded value as a decoder would have given it. */
export function fromRecorded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromRecorded);
  if (typeof value !== "object" || value === null) return value;
  if ("$f64" in value) return value.$f64;
  if ("$bytes" in value) return Buffer.from(String(value.$bytes), "base64");
  if ("$repeat" in value && Array.isArray(value.$repeat)) return String(value.$repeat[0]).repeat(Number(value.$repeat[1]));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromRecorded(item)]));
}

/** A value of ours as the recordings write it. */
export function toRecorded(value: unknown): unknown {
  if (value instanceof ByteText) return { $bytes: value.bytes.toString("base64"), $str: true };
  if (Buffer.isBuffer(value)) return { $bytes: value.toString("base64") };
  if (Array.isArray(value)) return value.map(toRecorded);
  if (value instanceof Map) return { $map: [...value].map(([key, item]) => [toRecorded(key), toRecorded(item)]) };
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key, toRecorded(item)]));
}

/** `["POST /x HTTP/1.1", "Host: example.com", …]`, lines that are not UTF-8 as bytes. */
export function parseHead(head: unknown): { first: string; headers: HeaderList } {
  if (!Array.isArray(head)) throw new Error("a recorded head is an array");
  const lines = head.map((line: unknown) => {
    const value = fromRecorded(line);
    return Buffer.isBuffer(value) ? value.toString("latin1") : Buffer.from(String(value), "utf8").toString("latin1");
  });
  const [first = "", ...rest] = lines;
  return {
    first,
    headers: rest.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  };
}
