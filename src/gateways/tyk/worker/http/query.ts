// Owns a request's query and what a hook changed in it. The gateway takes one value for each name, and the names to delete.
import { type Query, TykError } from "../../api/index.js";
import { showShort, wellFormed } from "./http-rules.js";

export class HookQuery implements Query {
  readonly #raw: () => string;
  readonly #assertWritable: (subject: string) => void;
  #current: URLSearchParams | undefined;
  #set: Map<string, string> | undefined;
  #deleted: Set<string> | undefined;

  /** `raw`: the query as it stands in the URL. */
  constructor(raw: () => string, assertWritable: (subject: string) => void) {
    this.#raw = raw;
    this.#assertWritable = assertWritable;
  }

  /** What is to be set; `undefined` for nothing. */
  get changed(): ReadonlyMap<string, string> | undefined {
    return this.#set;
  }

  get deleted(): readonly string[] | undefined {
    return this.#deleted === undefined ? undefined : [...this.#deleted];
  }

  get isChanged(): boolean {
    return this.#set !== undefined || this.#deleted !== undefined;
  }

  get(name: string): string | undefined {
    return this.#params.get(name) ?? undefined;
  }

  getAll(name: string): string[] {
    return this.#params.getAll(name);
  }

  has(name: string): boolean {
    return this.#params.has(name);
  }

  entries(): IterableIterator<[string, string]> {
    return this.#params.entries();
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  toString(): string {
    return this.isChanged ? this.#params.toString() : this.#raw();
  }

  set(name: string, value: string | number | boolean): void {
    const subject = `request.query.set(${showShort(name)})`;
    this.#assertWritable(subject);
    this.#put(nameOf(name, subject), valueOf(value, subject));
  }

  append(name: string, value: string | number | boolean): void {
    const subject = `request.query.append(${showShort(name)})`;
    this.#assertWritable(subject);
    const key = nameOf(name, subject);
    const text = valueOf(value, subject);
    if (this.has(key))
      throw new TykError(
        "TYK_NOT_CARRIED",
        subject,
        "the parameter is there, and the gateway takes one value for each name: use set()",
      );
    this.#put(key, text);
  }

  delete(name: string): void {
    const subject = `request.query.delete(${showShort(name)})`;
    this.#assertWritable(subject);
    this.#remove(nameOf(name, subject));
  }

  /** @throws {TykError} for several values of one name, where they are not those that are there. */
  replace(query: string, subject: string): void {
    const wanted = new URLSearchParams(query);
    const names = new Set(wanted.keys());
    const changes = [...names].filter((name) => !sameValues(wanted.getAll(name), this.getAll(name)));
    for (const name of changes)
      if (wanted.getAll(name).length > 1) throw new TykError("TYK_NOT_CARRIED", subject, severalValues(name));
    for (const name of new Set(this.#params.keys())) if (!names.has(name)) this.#remove(name);
    for (const name of changes) this.#put(name, wanted.get(name) ?? "");
  }

  #put(name: string, value: string): void {
    this.#params.set(name, value);
    (this.#set ??= new Map()).set(name, value);
    this.#deleted?.delete(name);
  }

  #remove(name: string): void {
    this.#params.delete(name);
    this.#set?.delete(name);
    (this.#deleted ??= new Set()).add(name);
  }

  get #params(): URLSearchParams {
    return (this.#current ??= new URLSearchParams(this.#raw()));
  }
}

const sameValues = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((value, i) => value === right[i]);

const severalValues = (name: string): string => `the gateway takes one value for each name, and ${showShort(name)} has several`;

function nameOf(name: unknown, subject: string): string {
  if (typeof name !== "string") throw new TykError("TYK_BAD_ARGUMENT", subject, `a name is text, not ${showShort(name)}`);
  return wellFormed(name, subject);
}

function valueOf(value: unknown, subject: string): string {
  if (typeof value === "string") return wellFormed(value, subject);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) throw new TykError("TYK_NOT_CARRIED", subject, "the gateway takes one value for each name");
  throw new TykError("TYK_BAD_ARGUMENT", subject, `a value is text, a number or true or false, not ${showShort(value)}`);
}
