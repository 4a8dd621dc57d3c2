// Owns a request's headers and what a hook changed in them: the gateway takes one value for each name.
import { type RequestHeaders, TykError } from "../../api/index.js";
import { assertChangeable, canonical, headerName, headerValue, showShort } from "./http-rules.js";

export class HookRequestHeaders implements RequestHeaders {
  readonly #read: () => ReadonlyMap<string, string>;
  readonly #assertWritable: (subject: string) => void;
  #current: Map<string, string> | undefined;
  #set: Map<string, string> | undefined;
  #deleted: Set<string> | undefined;

  constructor(read: () => ReadonlyMap<string, string>, assertWritable: (subject: string) => void) {
    this.#read = read;
    this.#assertWritable = assertWritable;
  }

  /** What is to be set; `undefined` for nothing. */
  get changed(): ReadonlyMap<string, string> | undefined {
    return this.#set;
  }

  get deleted(): readonly string[] | undefined {
    return this.#deleted === undefined ? undefined : [...this.#deleted];
  }

  get(name: string): string | undefined {
    return this.#all.get(canonical(name));
  }

  has(name: string): boolean {
    return this.#all.has(canonical(name));
  }

  entries(): IterableIterator<[string, string]> {
    return this.#all.entries();
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  set(name: string, value: string | number): void {
    const subject = `request.headers.set(${showShort(name)})`;
    this.put(this.#changeable(name, subject), headerValue(value, subject));
  }

  append(name: string, value: string | number): void {
    const subject = `request.headers.append(${showShort(name)})`;
    const key = this.#changeable(name, subject);
    const text = headerValue(value, subject);
    if (this.has(key))
      throw new TykError(
        "TYK_NOT_CARRIED",
        subject,
        "the header is there, and the gateway takes one value for each name: use set()",
      );
    this.put(key, text);
  }

  delete(name: string): void {
    const key = this.#changeable(name, `request.headers.delete(${showShort(name)})`);
    this.#all.delete(key);
    this.#set?.delete(key);
    (this.#deleted ??= new Set()).add(key);
  }

  /** Sets one for the runtime itself. */
  put(key: string, value: string): void {
    this.#all.set(key, value);
    (this.#set ??= new Map()).set(key, value);
  }

  #changeable(name: unknown, subject: string): string {
    this.#assertWritable(subject);
    const key = headerName(name, subject);
    assertChangeable(key, subject, "request");
    return key;
  }

  get #all(): Map<string, string> {
    return (this.#current ??= new Map(this.#read()));
  }
}
