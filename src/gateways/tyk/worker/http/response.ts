// Owns a response hook's response: what the upstream sent, and what the hook has changed.
import { type BodyInput, type DecodeOptions, TykError, type TykResponse } from "../../api/index.js";
import type { ObjectView, ResponseInput } from "../../messages/index.js";
import { MessageBody, bodyBytes } from "./body.js";
import { showShort } from "./http-rules.js";
import { HookResponseHeaders } from "./response-headers.js";

const MIN_STATUS = 200;
const MAX_STATUS = 599;

/** Statuses whose responses have no body. */
export const isBodiless = (status: number): boolean => status === 204 || status === 304;

/** @throws {TykError} for what cannot be the status of a response that ends an exchange. */
export function finalStatus(value: unknown, subject: string): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= MIN_STATUS && value <= MAX_STATUS) return value;
  throw new TykError("TYK_BAD_ARGUMENT", subject, `a status is from ${MIN_STATUS} to ${MAX_STATUS}, not ${showShort(value)}`);
}

export class HookResponse implements TykResponse {
  readonly headers: HookResponseHeaders;
  readonly #assertWritable: (subject: string) => void;
  readonly #body: MessageBody;
  #status: number;

  /** @throws {TypeError} where the gateway sent no response. */
  constructor(view: ObjectView, assertWritable: (subject: string) => void) {
    const response = view.part("response");
    if (response === undefined) throw new TypeError("the gateway called a response hook without a response");
    this.#assertWritable = assertWritable;
    this.#status = response.get("status_code");
    this.headers = new HookResponseHeaders(response.get("headers"), response.get("multivalue_headers"), assertWritable);
    this.#body = new MessageBody(() => response.get("raw_body"));
  }

  get status(): number {
    return this.#status;
  }

  set status(value: number) {
    this.#assertWritable("response.status");
    const status = finalStatus(value, "response.status");
    if (isBodiless(status)) {
      if (this.#body.isChanged && this.#body.bytes.length > 0)
        throw new TykError("TYK_BAD_ARGUMENT", "response.status", `a response with ${status} has no body, and one was set`);
      this.#body.clear();
      this.headers.remove("Content-Length");
    }
    this.#status = status;
  }

  get body(): Buffer {
    return this.#body.bytes;
  }

  set body(value: BodyInput | null | undefined) {
    this.#assertWritable("response.body");
    const { bytes, isJson } = bodyBytes(value, "response.body");
    if (bytes.length > 0 && isBodiless(this.#status))
      throw new TykError("TYK_BAD_ARGUMENT", "response.body", `a response with ${this.#status} has none: set the status first`);
    this.#body.set(bytes);
    this.headers.remove("Content-Encoding");
    if (isJson && !this.headers.has("Content-Type")) this.headers.put("Content-Type", ["application/json"]);
    // Gateways before 5.3.9, 5.7.1 and 5.8.0 leave it as it is: the client would get a cut body.
    if (!isBodiless(this.#status)) this.headers.put("Content-Length", [String(bytes.length)]);
  }

  text(): string {
    return this.#body.text(this.headers.get("Content-Encoding"), "response.text()");
  }

  json(): unknown {
    return this.#body.json(this.headers.get("Content-Encoding"), "response.json()");
  }

  decoded(options?: DecodeOptions): Promise<Buffer> {
    const encodings = this.headers.getAll("Content-Encoding").join(",");
    return this.#body.decoded(encodings, options, "response.decoded()");
  }

  reply(): ResponseInput {
    return { status_code: this.#status, raw_body: this.#body.bytes, ...this.headers.reply() };
  }
}
