// Owns a response's headers and how they go back: releases of the gateway differ in what they make of them.
//
// Since 5.0.4, 5.1.1 and 5.2.0 a response has `multivalue_headers` beside `headers`, its first values. Where `headers` comes back as it
// was sent, those gateways take `multivalue_headers` as they are; any difference makes some cut every header to one value, and lose
// cookies. Older gateways have `headers` alone.
import { type ResponseHeaders, TykError } from "../../api/index.js";
import type { ResponseInput, ResponseObject } from "../../messages/index.js";
import { assertChangeable, canonical, headerName, headerValue, showShort } from "./http-rules.js";

interface Header {
  readonly name: string;
  readonly values: readonly string[];
}

const ONE_VALUE: Readonly<Record<"single" | "unknown", string>> = {
  single: "this gateway is older than 5.0.4, and carries one value of each header of a response",
  unknown: "the upstream sent no header, so that the gateway does not show whether it carries more than one value",
};

export class HookResponseHeaders implements ResponseHeaders {
  readonly #first: ReadonlyMap<string, string>;
  readonly #assertWritable: (subject: string) => void;
  /** Which lists the gateway sent, and so knows. */
  readonly #carries: "multiple" | "single" | "unknown";
  /** By name in lower case. */
  readonly #all = new Map<string, Header>();

  constructor(
    first: ReadonlyMap<string, string>,
    multiple: ResponseObject["multivalue_headers"],
    assertWritable: (subject: string) => void,
  ) {
    this.#first = first;
    this.#assertWritable = assertWritable;
    this.#carries = multiple.length > 0 ? "multiple" : first.size > 0 ? "single" : "unknown";
    for (const { key, values } of multiple) this.#all.set(key.toLowerCase(), { name: key, values });
    if (multiple.length === 0) for (const [name, value] of first) this.#all.set(name.toLowerCase(), { name, values: [value] });
  }

  get(name: string): string | undefined {
    return this.#all.get(lower(name))?.values[0];
  }

  getAll(name: string): string[] {
    return [...(this.#all.get(lower(name))?.values ?? [])];
  }

  has(name: string): boolean {
    return this.#all.has(lower(name));
  }

  *entries(): IterableIterator<[string, string]> {
    for (const { name, values } of this.#all.values()) for (const value of values) yield [name, value];
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  set(name: string, value: string | number | readonly string[]): void {
    const subject = `response.headers.set(${showShort(name)})`;
    const key = this.#changeable(name, subject);
    const values = Array.isArray(value) ? value.map((each) => headerValue(each, subject)) : [headerValue(value, subject)];
    this.#assertCarried(values.length, subject);
    if (values.length === 0) this.remove(key);
    else this.put(key, values);
  }

  append(name: string, value: string | number): void {
    const subject = `response.headers.append(${showShort(name)})`;
    const key = this.#changeable(name, subject);
    const values = [...this.getAll(key), headerValue(value, subject)];
    this.#assertCarried(values.length, subject);
    this.put(key, values);
  }

  delete(name: string): void {
    this.remove(this.#changeable(name, `response.headers.delete(${showShort(name)})`));
  }

  /** Sets one for the runtime itself. The gateway compares names letter by letter: the spelling that is there stays. */
  put(key: string, values: readonly string[]): void {
    this.#all.set(lower(key), { name: this.#all.get(lower(key))?.name ?? canonical(key), values });
  }

  remove(key: string): void {
    this.#all.delete(lower(key));
  }

  reply(): Pick<ResponseInput, "headers" | "multivalue_headers"> {
    const headers = (): Map<string, string> =>
      new Map([...this.#all.values()].map(({ name, values }) => [name, values[0] ?? ""]));
    const multiple = [...this.#all.values()].map(({ name, values }) => ({ key: name, values }));
    switch (this.#carries) {
      case "multiple":
        return { headers: this.#first, multivalue_headers: multiple };
      case "single":
        return { headers: headers() };
      case "unknown":
        return { headers: headers(), multivalue_headers: multiple };
    }
  }

  #assertCarried(count: number, subject: string): void {
    if (count > 1 && this.#carries !== "multiple") throw new TykError("TYK_NOT_CARRIED", subject, ONE_VALUE[this.#carries]);
  }

  #changeable(name: unknown, subject: string): string {
    this.#assertWritable(subject);
    const key = headerName(name, subject);
    assertChangeable(key, subject, "response");
    return key;
  }
}

const lower = (name: string): string => name.toLowerCase();
