// Owns a hook's request: what the gateway sent of it, decoded when it is asked for, and what the hook has changed.
import { type BodyInput, type DecodeOptions, type TykRequest, TykError } from "../../api/index.js";
import { type ObjectView, type RequestReply } from "../../messages/index.js";
import { MessageBody, bodyBytes } from "./body.js";
import { methodName, showShort, urlPath } from "./http-rules.js";
import { HookQuery } from "./query.js";
import { HookRequestHeaders } from "./request-headers.js";

const partOf = (view: ObjectView) => view.part("request");

const FORM = "application/x-www-form-urlencoded";

export class HookRequest implements TykRequest {
  readonly headers: HookRequestHeaders;
  readonly query: HookQuery;
  readonly #view: ReturnType<typeof partOf>;
  readonly #assertWritable: (subject: string) => void;
  readonly #body: MessageBody;
  #split: Url | undefined;
  #method: string | undefined;
  #path: string | undefined;

  /** `assertWritable` throws where the request cannot be changed, or not any more. */
  constructor(view: ObjectView, assertWritable: (subject: string) => void) {
    this.#view = partOf(view);
    this.#assertWritable = assertWritable;
    this.headers = new HookRequestHeaders(() => this.#view?.get("headers") ?? new Map<string, string>(), assertWritable);
    this.query = new HookQuery(() => this.#url.query, assertWritable);
    this.#body = new MessageBody(() => this.#view?.get("raw_body") ?? Buffer.alloc(0));
  }

  get method(): string {
    return this.#method ?? this.#view?.get("method") ?? "";
  }

  set method(value: string) {
    this.#assertWritable("request.method");
    this.#method = methodName(value, "request.method");
  }

  get url(): string {
    const query = this.query.toString();
    return query === "" ? this.path : `${this.path}?${query}`;
  }

  set url(value: string) {
    this.#assertWritable("request.url");
    if (typeof value !== "string") throw new TykError("TYK_BAD_ARGUMENT", "request.url", `it is text, not ${showShort(value)}`);
    if (/^[a-z][a-z\d+.-]*:/i.test(value))
      throw new TykError("TYK_NOT_CARRIED", "request.url", "the upstream is the API's target: give a path and a query alone");
    const { path, query } = splitPath(value);
    const checked = urlPath(path, "request.url");
    this.query.replace(query, "request.url");
    this.#path = checked;
  }

  get path(): string {
    return this.#path ?? this.#url.path;
  }

  set path(value: string) {
    this.#assertWritable("request.path");
    this.#path = urlPath(value, "request.path");
  }

  get requestUri(): string {
    return this.#view?.get("request_uri") ?? "";
  }

  get scheme(): "http" | "https" {
    return this.#view?.get("scheme") === "https" ? "https" : "http";
  }

  get host(): string {
    return this.headers.get("Host") ?? "";
  }

  get body(): Buffer {
    return this.#body.bytes;
  }

  set body(value: BodyInput | null | undefined) {
    this.#assertWritable("request.body");
    const { bytes, isJson } = bodyBytes(value, "request.body");
    this.#body.set(bytes);
    if (isJson && !this.headers.has("Content-Type")) this.headers.put("Content-Type", "application/json");
    if (this.headers.has("Content-Encoding")) this.headers.delete("Content-Encoding");
    // The client's own goes on to the next hook otherwise; the upstream gets the right one in any case.
    if (this.headers.has("Content-Length")) this.headers.put("Content-Length", String(bytes.length));
  }

  text(): string {
    return this.#body.text(this.#encoding, "request.text()");
  }

  json(): unknown {
    return this.#body.json(this.#encoding, "request.json()");
  }

  form(): URLSearchParams {
    const type = this.headers.get("Content-Type");
    if (type?.split(";", 1)[0]?.trim().toLowerCase() !== FORM)
      throw new TykError("TYK_BAD_BODY", "request.form()", `its content type is ${showShort(type)}, not ${FORM}`);
    return new URLSearchParams(this.#body.text(this.#encoding, "request.form()"));
  }

  decoded(options?: DecodeOptions): Promise<Buffer> {
    return this.#body.decoded(this.#encoding, options, "request.decoded()");
  }

  /** Everything that the gateway reads of it. */
  reply(): Pick<RequestReply, "url" | "method" | "rawBody" | "setHeaders" | "deleteHeaders" | "addParams" | "deleteParams"> {
    return {
      // With its query as it is now: after a URL rewrite this one counts, and the changes where there was none.
      url: this.#url.origin + this.url,
      method: this.method,
      rawBody: this.#body.bytes,
      setHeaders: this.headers.changed,
      deleteHeaders: this.headers.deleted,
      addParams: this.query.changed,
      deleteParams: this.query.deleted,
    };
  }

  get #url(): Url {
    return (this.#split ??= splitUrl(this.#view?.get("url") ?? ""));
  }

  get #encoding(): string | undefined {
    return this.headers.get("Content-Encoding");
  }
}

interface Url {
  /** Scheme and host: of the upstream in a response hook, of the target after a URL rewrite, and else empty. */
  readonly origin: string;
  readonly path: string;
  readonly query: string;
}

const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[^/?]*/i;

function splitUrl(url: string): Url {
  const origin = url.startsWith("/") ? "" : (ORIGIN.exec(url)?.[0] ?? "");
  const { path, query } = splitPath(url.slice(origin.length));
  return { origin, path: origin !== "" && path === "" ? "/" : path, query };
}

function splitPath(url: string): { readonly path: string; readonly query: string } {
  const mark = url.indexOf("?");
  return mark === -1 ? { path: url, query: "" } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}
