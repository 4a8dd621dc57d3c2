// Reads and writes plugins.json, the index that says which bundles a server has to serve: by version, address and digest.
import { isRecord } from "../../core/model/index.js";
import { BundledError } from "./errors.js";

export interface IndexEntry {
  readonly name: string;
  /** For people: in the status and the metrics. */
  readonly version: string;
  /** Absolute, or from where the index is. */
  readonly url: string;
  /** SHA-256 of the zip, in hex. */
  readonly digest: string;
}

/** Bytes. */
export const MAX_INDEX = 262_144;
const MAX_BUNDLES = 64;
const MAX_URL = 2048;
const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;
const VERSION = /^[\w.+-]{1,100}$/;
const DIGEST = /^sha256:([\da-f]{64})$/;

/** @throws {BundledError} naming the entry. */
export function parseIndex(text: string): readonly IndexEntry[] {
  const bundles = field(parseJson(text), "bundles");
  if (!isRecord(bundles)) throw wrong('it has to be an object with the key "bundles", an object of bundles by their names');
  const entries = Object.entries(bundles);
  if (entries.length > MAX_BUNDLES) throw wrong(`it names ${entries.length} bundles, and ${MAX_BUNDLES} are allowed`);
  return entries.map(([name, entry]) => entryOf(name, entry));
}

/** The index with this entry in place of the one of its name. @throws {BundledError} where `text` is no index. */
export function mergeEntry(text: string | undefined, entry: IndexEntry): string {
  const entries = new Map((text === undefined ? [] : parseIndex(text)).map((known) => [known.name, known]));
  entries.set(entry.name, entry);
  return indexText([...entries.values()]);
}

export function indexText(entries: readonly IndexEntry[]): string {
  const bundles = entries.map(({ name, version, url, digest }) => [name, { version, url, digest: `sha256:${digest}` }] as const);
  return `${JSON.stringify({ bundles: Object.fromEntries(bundles) }, undefined, 2)}\n`;
}

function entryOf(name: string, entry: unknown): IndexEntry {
  if (!NAME.test(name)) throw wrong(`${JSON.stringify(name.slice(0, 100))} is no name of a bundle`);
  const version = field(entry, "version");
  const url = field(entry, "url");
  const digest = field(entry, "digest");
  if (typeof version !== "string" || !VERSION.test(version)) throw wrong(`${name} has no version of letters, digits and .+-_`);
  if (typeof url !== "string" || url === "" || url.length > MAX_URL) throw wrong(`${name} has no url`);
  const hex = typeof digest === "string" ? DIGEST.exec(digest)?.[1] : undefined;
  if (hex === undefined) throw wrong(`${name} has no digest such as sha256:… with 64 hex digits in lower case`);
  return { name, version, url, digest: hex };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BundledError("BUNDLE_INDEX", "it is no JSON", { cause: error });
  }
}

const field = (value: unknown, name: string): unknown =>
  isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;

const wrong = (detail: string): BundledError => new BundledError("BUNDLE_INDEX", detail);
