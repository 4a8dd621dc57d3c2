// Reads the code of plugins for PDK functions that they call, and says where in their sources: nothing is run.
import { SourceMap, type SourceMapPayload } from "node:module";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { jsName } from "../pdk/index.js";

export interface FoundCall {
  /** Kong's name: `kong.request.get_raw_path`. */
  readonly method: string;
  /** Characters into the code. */
  readonly at: number;
}

interface Patterns {
  readonly method: string;
  /** `["service", "request"]`. */
  readonly namespace: readonly string[];
  /** As a pattern: `(?:get_raw_path|getRawPath)`. */
  readonly last: string;
  /** `request.getRawPath` and `request["getRawPath"]`. */
  readonly called: RegExp;
  /** `{ getRawPath } = kong.request`. */
  readonly taken: RegExp;
}

/** What is looked for in many plugins is compiled once. */
export class CallFinder {
  readonly #patterns: readonly Patterns[];

  /** `methods` are Kong's names: `kong.request.get_raw_path`. */
  constructor(methods: Iterable<string>) {
    this.#patterns = [...methods].map(patternsOf);
  }

  /** Every place of each function, in the order of the code. A name that is computed is not found. */
  find(code: string): FoundCall[] {
    const known = new Map<string, readonly string[]>();
    const found = this.#patterns.flatMap(({ method, namespace, last, called, taken }) => {
      const key = namespace.join(".");
      const aliases = known.get(key) ?? aliasPatterns(namespace, code);
      known.set(key, aliases);
      const renamed = aliases.map((alias) => new RegExp(`(?<![\\w$])${alias}${property(last)}`, "g"));
      const places = new Set([called, taken, ...renamed].flatMap((pattern) => indicesOf(pattern, code)));
      return [...places].map((at) => ({ method, at }));
    });
    return found.sort((a, b) => a.at - b.at);
  }
}

const indicesOf = (pattern: RegExp, code: string): number[] => [...code.matchAll(pattern)].map(({ index }) => index);

/** What stands for a namespace by another name: `r` after `const r = kong.request`, `c.shared` after `const { ctx: c } = kong`. */
function aliasPatterns(namespace: readonly string[], code: string): string[] {
  return namespace.flatMap((name, index) => {
    const path = pathPattern(namespace.slice(0, index + 1));
    const rest = namespace.slice(index + 1).map((segment) => `\\s*\\??\\.\\s*${eitherSpelling(segment)}`);
    const assigned = new RegExp(
      `(?<![\\w$])([A-Za-z_$][\\w$]*)\\s*=\\s*(?:[\\w$]+\\s*\\??\\.\\s*)+${path}(?!\\s*\\??[\\w$.([])`,
      "g",
    );
    const destructured = new RegExp(`\\{[^{}]*(?<![\\w$])${name}\\s*:\\s*([A-Za-z_$][\\w$]*)[^{}]*\\}\\s*=`, "g");
    const aliases = [assigned, destructured].flatMap((pattern) => [...code.matchAll(pattern)].map(([, alias = ""]) => alias));
    return [...new Set(aliases)].map((alias) => `${alias.replaceAll("$", "\\$")}${rest.join("")}`);
  });
}

function patternsOf(method: string): Patterns {
  const segments = method.split(".").slice(1);
  const last = eitherSpelling(segments.pop() ?? "");
  const path = pathPattern(segments);
  return {
    method,
    namespace: segments,
    last,
    called: new RegExp(`(?<![\\w$])${path}${property(last)}`, "g"),
    taken: new RegExp(`\\{[^{}]*(?<![\\w$])${last}(?![\\w$])[^{}]*\\}\\s*=\\s*[\\w$.]*(?<![\\w$])${path}(?![\\w$.])`, "g"),
  };
}

const pathPattern = (segments: readonly string[]): string => segments.map(eitherSpelling).join("\\s*\\??\\.\\s*");

/** What stands behind a namespace: `.getRawPath`, `?.getRawPath`, `["getRawPath"]`. */
const property = (name: string): string =>
  `(?:\\s*\\??\\.\\s*${name}(?![\\w$])|\\s*(?:\\?\\.)?\\[\\s*["'\`]${name}["'\`]\\s*\\])`;

function eitherSpelling(name: string): string {
  const other = jsName(name);
  return other === name ? name : `(?:${name}|${other})`;
}

const INLINE = /\/\/# sourceMappingURL=data:application\/json[^,\n]*,([\w+/=]+)\s*$/;

/** Says in which file and line of a plugin's sources a place of its compiled code was written. */
export class SourcePlaces {
  readonly #code: string;
  readonly #map: SourceMap | undefined;
  readonly #folder: string;

  /** `folder` is what paths are relative to. */
  constructor(code: string, folder: string) {
    this.#code = code;
    this.#folder = folder;
    const [, encoded] = INLINE.exec(code) ?? [];
    this.#map = encoded === undefined ? undefined : readMap(encoded);
  }

  /** `hello.ts:12`; undefined for what no source was written for. */
  placeOf(at: number): string | undefined {
    const before = this.#code.slice(0, at);
    const line = before.split("\n").length - 1;
    const entry = this.#map?.findEntry(line, at - (before.lastIndexOf("\n") + 1));
    if (entry === undefined || !("originalSource" in entry)) return undefined;
    return `${this.#pathOf(entry.originalSource)}:${entry.originalLine + 1}`;
  }

  #pathOf(source: string): string {
    return source.startsWith("file:") ? relative(this.#folder, fileURLToPath(source)) : source;
  }
}

/** A built file's map is whatever its builder wrote. */
function readMap(encoded: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(Buffer.from(encoded, "base64").toString("utf8")) as SourceMapPayload);
  } catch {
    return undefined;
  }
}
