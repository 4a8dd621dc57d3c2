// The requests and responses of tests in the shape of kong-js-pdk's.
import { isUtf8 } from "node:buffer";
import type { TestHeaders, TestMessage } from "../messages.js";

/** Text, or a Buffer where the bytes are no UTF-8; what a plugin gave to `kong.response.exit()` as a table stays an object. */
export type Body = string | Uint8Array | object | undefined;

/** Built up by its `use…` methods, each of which returns the request. */
export class Request {
  url: URL = new URL("http://konghq.com");
  headers: Headers = new Headers();
  method = "GET";
  isHttps = false;
  isTCP = false;
  isTLS = false;
  body: Body = "";

  /** @param request what to copy. */
  constructor(request?: Request) {
    if (request === undefined) return;
    this.useURL(request.url).useHeaders(request.headers).useMethod(request.method).useBody(request.body);
  }

  /** Its protocol decides the phases: `http:`, `https:`, `tcp:` or `tls:`. */
  useURL(url: string | URL): this {
    this.url = new URL(url);
    this.isHttps = this.url.protocol === "https:";
    this.isTCP = this.url.protocol === "tcp:";
    this.isTLS = this.url.protocol === "tls:";
    return this;
  }

  /** Adds to the headers; a name that is there already gets the new value. */
  useHeaders(headers: Readonly<Record<string, string>> | Iterable<readonly [string, string]>): this {
    const pairs = Symbol.iterator in headers ? headers : Object.entries(headers);
    for (const [name, value] of pairs) this.headers.set(name, value);
    return this;
  }

  useMethod(method: string): this {
    this.method = method;
    return this;
  }

  useBody(body: Body): this {
    this.body = body;
    return this;
  }

  /** What the service answers. A test may put a function of its own here. */
  toResponse(): Response {
    const response = new Response();
    response.status = 200;
    response.body = "OK";
    response.headers = new Headers(this.headers);
    return response;
  }
}

export class Response {
  status: number | undefined;
  body: Body = "";
  headers: Headers = new Headers();

  /** @param response what to copy. */
  constructor(response?: Response) {
    if (response === undefined) return;
    this.status = response.status;
    this.body = response.body;
    this.headers = new Headers(response.headers);
  }

  /** Takes another's status and body, and its headers beside its own. */
  merge(response: Response): void {
    for (const [name, value] of response.headers) this.headers.append(name, value);
    this.status = response.status;
    this.body = response.body;
  }
}

/** Headers as `fetch` has them. */
export function fetchHeaders(headers: TestHeaders): Headers {
  const result = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    for (const item of typeof value === "string" ? [value] : (value ?? [])) result.append(name, headerText(item));
  }
  return result;
}

/** `Headers` take no more than a byte per character. */
function headerText(value: string): string {
  return /[^\0-\xff]/.test(value) ? Buffer.from(value, "utf8").toString("latin1") : value;
}

export function bodyOf({ body }: TestMessage): string | Buffer {
  return isUtf8(body) ? body.toString("utf8") : body;
}
