// What a test sees of a response or of a request to the service: names, values and bytes made easy to compare.
import { byteStringOf, type HeaderList, textFromByteString } from "../../gateways/kong/pdk-functions/index.js";

/** Names in lower case. A name that came several times has the list of its values. */
export type TestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A text, bytes, a form, or what is to be sent as JSON. */
export type TestBody = string | Uint8Array | URLSearchParams | object;

/** Values as texts; a list for a name that is to come several times. */
export type HeadersInput =
  Readonly<Record<string, string | number | readonly string[] | undefined>> | Iterable<readonly [string, string]>;

export class TestMessage {
  /** Names in lower case; a name that came several times has the list of its values. */
  readonly headers: TestHeaders;
  /** The body, byte for byte; empty where there is none. */
  readonly body: Buffer;

  constructor(headers: HeaderList, body: Buffer) {
    this.headers = plainHeaders(headers);
    this.body = body;
  }

  /** The body as UTF-8. */
  get text(): string {
    return this.body.toString("utf8");
  }

  /** The body read as JSON. @throws {SyntaxError} where it is none. */
  json(): unknown {
    return JSON.parse(this.text);
  }
}

/** What the client gets, as far as it is known. */
export class TestResponse extends TestMessage {
  readonly status: number;

  constructor(status: number, headers: HeaderList, body: Buffer) {
    super(headers, body);
    this.status = status;
  }
}

/** What the service is asked. */
export class UpstreamRequest extends TestMessage {
  readonly method: string;
  /** Such as `http://service.test/items?page=2`: where the request goes, whatever its Host header says. */
  readonly url: string;
  /** Escaped, without the query. */
  readonly path: string;
  /** Decoded. A name that came several times has the list of its values; one without a value is `true`. */
  readonly query: Readonly<Record<string, string | true | readonly (string | true)[] | undefined>>;
  /** As it was sent, without the question mark. */
  readonly rawQuery: string;

  constructor(parts: Pick<UpstreamRequest, "method" | "url" | "path" | "query" | "rawQuery">, headers: HeaderList, body: Buffer) {
    super(headers, body);
    this.method = parts.method;
    this.url = parts.url;
    this.path = parts.path;
    this.query = parts.query;
    this.rawQuery = parts.rawQuery;
  }
}

/** A byte string (a character per byte) as text: UTF-8 where it is that. */
export function readable(byteString: string): string {
  const text = textFromByteString(byteString);
  return typeof text === "string" ? text : byteString;
}

function plainHeaders(headers: HeaderList): TestHeaders {
  const values = new Map<string, string[]>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    values.set(key, [...(values.get(key) ?? []), readable(value)]);
  }
  return Object.fromEntries([...values].map(([name, items]) => [name, items.length === 1 ? items[0] : items]));
}

/** The gateway's byte strings of the headers in a test. */
export function headerList(headers: HeadersInput = {}): HeaderList {
  const pairs: Iterable<readonly [string, string | number | readonly string[] | undefined]> =
    Symbol.iterator in headers ? (headers as Iterable<readonly [string, string]>) : Object.entries(headers);
  const list: HeaderList = [];
  for (const [name, value] of pairs) {
    for (const item of typeof value === "object" ? value : [value]) {
      if (item !== undefined) list.push([name, byteStringOf(String(item))]);
    }
  }
  return list;
}

/** The bytes of a body, and the type it says it has by itself. */
export function testBodyBytes(body: TestBody | undefined): { readonly bytes: Buffer; readonly contentType: string | undefined } {
  if (body === undefined) return { bytes: Buffer.alloc(0), contentType: undefined };
  if (typeof body === "string") return { bytes: Buffer.from(body), contentType: undefined };
  if (ArrayBuffer.isView(body)) {
    return { bytes: Buffer.from(body.buffer, body.byteOffset, body.byteLength), contentType: undefined };
  }
  if (body instanceof URLSearchParams) {
    return { bytes: Buffer.from(body.toString()), contentType: "application/x-www-form-urlencoded" };
  }
  return { bytes: Buffer.from(JSON.stringify(body)), contentType: "application/json" };
}

/** Headers and body as a peer would send them: with a length, and a type where the body has one. */
export function sentMessage(
  headers: HeadersInput | undefined,
  body: TestBody | undefined,
): { headers: HeaderList; bytes: Buffer } {
  const list = headerList(headers);
  const { bytes, contentType } = testBodyBytes(body);
  const has = (name: string): boolean => list.some(([key]) => key.toLowerCase() === name);
  if (contentType !== undefined && !has("content-type")) list.push(["Content-Type", contentType]);
  if (body !== undefined && !has("content-length") && !has("transfer-encoding")) {
    list.push(["Content-Length", String(bytes.length)]);
  }
  return { headers: list, bytes };
}
