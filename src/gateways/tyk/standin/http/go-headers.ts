// Headers as Go's net/http has them: values by canonical name.
import type { ByteString } from "./byte-text.js";

/** Name and value, in the order of the wire. */
export type GoHeaderList = readonly (readonly [name: string, value: ByteString])[];

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/** `x-request-id` is `X-Request-Id`; a name that no header can have stays as it is. */
function canonicalName(name: string): string {
  if (!TOKEN.test(name)) return name;
  return name.toLowerCase().replace(/(^|-)([a-z])/g, (_, before: string, letter: string) => before + letter.toUpperCase());
}

export class GoHeaders implements Iterable<readonly [name: string, values: readonly ByteString[]]> {
  readonly #values = new Map<string, ByteString[]>();

  constructor(list: GoHeaderList = []) {
    for (const [name, value] of list) this.add(name, value);
  }

  get(name: string): ByteString | undefined {
    return this.#values.get(canonicalName(name))?.[0];
  }

  has(name: string): boolean {
    return this.#values.has(canonicalName(name));
  }

  set(name: string, value: ByteString): void {
    this.#values.set(canonicalName(name), [value]);
  }

  add(name: string, value: ByteString): void {
    const key = canonicalName(name);
    this.#values.set(key, [...(this.#values.get(key) ?? []), value]);
  }

  delete(name: string): void {
    this.#values.delete(canonicalName(name));
  }

  clear(): void {
    this.#values.clear();
  }

  list(): GoHeaderList {
    return [...this.#values].flatMap(([name, values]) => values.map((value) => [name, value] as const));
  }

  [Symbol.iterator](): MapIterator<readonly [string, readonly ByteString[]]> {
    return this.#values.entries();
  }
}
