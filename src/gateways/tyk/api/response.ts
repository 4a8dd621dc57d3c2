// Owns what a response hook sees of the upstream's response, and what it may change in it.
import type { BodyInput, DecodeOptions } from "./request.js";

/** A response's headers with all their values. Names are found in any case. */
export interface ResponseHeaders extends Iterable<[name: string, value: string]> {
  /** The first value; `undefined` where there is none. */
  get(name: string): string | undefined;
  getAll(name: string): string[];
  has(name: string): boolean;
  /** One pair for each value, with the names as the gateway spells them: `Set-Cookie`. */
  entries(): IterableIterator<[name: string, value: string]>;
  /**
   * Replaces every value of the header.
   * @throws {TykError} `TYK_BAD_ARGUMENT` for what is no name or value of a header; `TYK_NOT_CARRIED` for `Content-Length`, which
   * follows from the body, for other headers that belong to the connection, and for several values where the gateway is older than
   * 5.0.4: it carries one.
   */
  set(name: string, value: string | number | readonly string[]): void;
  /**
   * Adds a value.
   * @throws {TykError} as {@link ResponseHeaders.set}.
   */
  append(name: string, value: string | number): void;
  /**
   * Removes every value of the header.
   * @throws {TykError} as {@link ResponseHeaders.set}.
   */
  delete(name: string): void;
}

/**
 * The upstream's response. The gateway has read all of it before the hook runs: an endless response, such as server-sent events, never
 * reaches the client of an API with a response hook.
 */
export interface TykResponse {
  /**
   * From 200 to 599. 204 and 304 have no body: what came is dropped.
   * @throws {TykError} `TYK_BAD_ARGUMENT` for another number; for 204 and 304 where the hook has set a body.
   */
  status: number;
  readonly headers: ResponseHeaders;
  /**
   * The bytes as the upstream encoded them. Set, it is the new body, without a `Content-Encoding`: for one that is encoded set that
   * header afterwards. An object is sent as JSON, and makes a missing `Content-Type` `application/json`. `Content-Length` follows.
   */
  get body(): Buffer;
  set body(value: BodyInput | null | undefined);
  /** @throws {TykError} `TYK_BAD_BODY` where the body is not UTF-8, or has a `Content-Encoding`: see {@link TykResponse.decoded}. */
  text(): string;
  /**
   * The body as JSON. What it is, is for the hook to check.
   * @throws {TykError} `TYK_BAD_BODY` where it is none.
   */
  json(): unknown;
  /**
   * The body without its `Content-Encoding`: gzip, deflate and br. What comes back is a copy: assign it to `body`.
   * @throws {TykError} `TYK_BAD_BODY` for other encodings and for broken bodies; `TYK_BODY_TOO_LARGE`.
   */
  decoded(options?: DecodeOptions): Promise<Buffer>;
}
