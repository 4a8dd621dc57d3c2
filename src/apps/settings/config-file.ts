// Reads the settings of a configuration file: YAML with the names of flags as keys. Loaded only where one is given.
import { isMap, isScalar, isSeq, Lexer, LineCounter, type Pair, parseDocument, type YAMLSeq } from "yaml";
import { UsageError, nearestName } from "../../core/model/index.js";
import { type Flag, type FlagName, FLAGS, plainFlag, type TableFlag } from "../flags/index.js";
import type { Setting } from "./variables.js";

/** A flag of a command alone says nothing of how to serve, and a file that names a file none of either. */
const isKey = (flag: TableFlag): boolean => {
  const { isAction, commands = ["serve"] } = plainFlag(flag);
  return isAction !== true && commands.includes("serve") && flag.name !== "config";
};

/** The flags that a file may have. */
export const FILE_FLAGS: readonly TableFlag[] = FLAGS.filter(isKey);

const KEYS = new Map<string, TableFlag>(FILE_FLAGS.map((flag) => [flag.name, flag]));
/** Entries of one list. */
const MAX_ENTRIES = 1000;
/** Of brackets in each other, and of dashes in one line: a file needs one. */
const MAX_NESTING = 16;

/** @throws {UsageError} naming the file, the line and the key. */
export function parseConfigFile(path: string, text: string): ReadonlyMap<FlagName, Setting> {
  return new ConfigReader(path).read(text);
}

class ConfigReader {
  readonly #path: string;
  readonly #lines = new LineCounter();

  constructor(path: string) {
    this.#path = path;
  }

  read(text: string): ReadonlyMap<FlagName, Setting> {
    const content = this.#parse(text);
    const settings = new Map<FlagName, Setting>();
    if (content === null || (isScalar(content) && content.value === null)) return settings;
    if (!isMap(content)) throw this.#wrong(content, "the names of flags are expected here, each with its value");
    for (const pair of content.items) {
      const { flag, line } = this.#flagOf(pair);
      settings.set(flag.name, { value: this.#valueOf(flag, pair), source: { kind: "file", path: this.#path, line } });
    }
    return settings;
  }

  #parse(text: string): unknown {
    if (isNestedDeep(text)) throw new UsageError(`${this.#path}: settings are a list at most, and this is nested deeper`);
    const document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) throw new UsageError(`${this.#at(problem.pos[0])}: ${problem.message}`, { cause: problem });
    return document.contents;
  }

  #flagOf({ key }: Pair): { readonly flag: TableFlag; readonly line: number } {
    const name = isScalar(key) ? key.value : undefined;
    if (typeof name !== "string") throw this.#wrong(key, "a key has to be the name of a flag");
    const flag = KEYS.get(name);
    if (flag === undefined) throw this.#wrong(key, unknownKey(name));
    return { flag, line: this.#lines.linePos(offsetOf(key)).line };
  }

  #valueOf(flag: Flag, { key, value }: Pair): Setting["value"] {
    const { name, kind } = flag;
    if (isSeq(value)) return this.#list(flag, value);
    if (!isScalar(value)) throw this.#wrong(value ?? key, `${name} takes one value, not a mapping or an alias`);
    if (kind === "switch") {
      if (typeof value.value !== "boolean") throw this.#wrong(value, `${name} is true or false`);
      return value.value;
    }
    if (kind === "optional" && typeof value.value === "boolean") return value.value;
    const text = this.#text(name, value);
    return kind === "paths" || kind === "texts" ? [text] : text;
  }

  #list({ name, kind }: Flag, { items }: YAMLSeq): Setting["value"] {
    const [first] = items;
    if (kind !== "paths" && kind !== "texts" && kind !== "names") throw this.#wrong(first, `${name} takes one value, not a list`);
    if (items.length > MAX_ENTRIES) throw this.#wrong(first, `${name} has more than ${MAX_ENTRIES} entries`);
    const texts = items.map((item) => this.#text(name, item));
    return kind === "names" ? texts.join(",") : texts;
  }

  /** As it is written: YAML makes 432 of the octal digits `0o660`, and 660 of `0660`. */
  #text(name: string, node: unknown): string {
    if (!isScalar(node)) throw this.#wrong(node, `${name} takes texts and numbers`);
    if (typeof node.value === "string") return node.value;
    if (typeof node.value === "number") return node.source ?? String(node.value);
    throw this.#wrong(node, `${name} takes a text or a number${node.value === null ? ", and has no value" : ""}`);
  }

  #wrong(node: unknown, what: string): UsageError {
    return new UsageError(`${this.#at(offsetOf(node))}: ${what}`);
  }

  #at(offset: number): string {
    return `${this.#path}:${this.#lines.linePos(offset).line}`;
  }
}

/** The parser calls itself for each level, and may end the process where its stack does: the lexer does not. */
function isNestedDeep(text: string): boolean {
  let brackets = 0;
  let inLine = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === "[" || token === "{") brackets += 1;
    else if (token === "]" || token === "}") brackets -= 1;
    else if (token === "-" || token === "?") inLine += 1;
    else if (/^\r?\n/.test(token)) inLine = 0;
    if (brackets > MAX_NESTING || inLine > MAX_NESTING) return true;
  }
  return false;
}

function offsetOf(node: unknown): number {
  const range: unknown = typeof node === "object" && node !== null ? Reflect.get(node, "range") : undefined;
  const first: unknown = Array.isArray(range) ? range[0] : undefined;
  return typeof first === "number" ? first : 0;
}

function unknownKey(name: string): string {
  const shown = JSON.stringify(name.slice(0, 100));
  const flag = FLAGS.map(plainFlag).find((known) => known.name === name || (known.aliases ?? []).includes(name));
  if (flag !== undefined && KEYS.has(flag.name)) return `${shown} is written "${flag.name}" here`;
  if (flag !== undefined) return `-${name} is no setting of a server: give it on the command line`;
  const meant = nearestName(name, KEYS.keys());
  return `there is no setting ${shown}${meant === undefined ? "" : `; did you mean "${meant}"?`}`;
}
