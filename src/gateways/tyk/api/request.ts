// Owns what a hook sees of a request, and what it may change in it.

/** What a body can be set to: text is sent as UTF-8, another object as JSON. */
export type BodyInput = string | Uint8Array | URLSearchParams | object;

/** How {@link TykRequest.decoded} and {@link TykResponse.decoded} undo `Content-Encoding`. */
export interface DecodeOptions {
  /** Bytes that the decoded body may have; 16 MiB by default. A few bytes may be made to unpack to gigabytes. */
  readonly maxSize?: number;
}

/** A request's headers: one value each, since the gateway sends no more. Names are found in any case. */
export interface RequestHeadersView extends Iterable<[name: string, value: string]> {
  /** The first value that the client sent; the gateway does not pass further ones on to hooks. `undefined` where it is missing. */
  get(name: string): string | undefined;
  has(name: string): boolean;
  /** With the names as the gateway spells them: `X-Request-Id`. */
  entries(): IterableIterator<[name: string, value: string]>;
}

export interface RequestHeaders extends RequestHeadersView {
  /**
   * Replaces every value of the header, those included that the hook cannot see.
   * @throws {TykError} `TYK_BAD_ARGUMENT` for what is no name or value of a header; `TYK_NOT_CARRIED` for `Host`, which is that of the
   * API's target, and for headers that belong to the connection, such as `Content-Length`.
   */
  set(name: string, value: string | number): void;
  /**
   * As {@link RequestHeaders.set}, for a header that is not there.
   * @throws {TykError} `TYK_NOT_CARRIED` for one that is there: the gateway takes one value for each name.
   */
  append(name: string, value: string | number): void;
  /**
   * Removes every value of the header. A `User-Agent` that is removed becomes the gateway's own.
   * @throws {TykError} as {@link RequestHeaders.set}.
   */
  delete(name: string): void;
}

/** The parameters in a request's URL, decoded. Names and values are all there, as they stand in the URL. */
export interface QueryView extends Iterable<[name: string, value: string]> {
  /** The first value; `undefined` where there is none. */
  get(name: string): string | undefined;
  getAll(name: string): string[];
  has(name: string): boolean;
  entries(): IterableIterator<[name: string, value: string]>;
  /** Encoded, without `?`. */
  toString(): string;
}

/** A query that is changed loses pairs that Go cannot decode, such as `a=%zz`, and is sorted by name where it has one. */
export interface Query extends QueryView {
  /**
   * Replaces every value of the parameter.
   * @throws {TykError} `TYK_NOT_CARRIED` for a list of several values: the gateway takes one for each name.
   */
  set(name: string, value: string | number | boolean): void;
  /**
   * As {@link Query.set}, for a parameter that is not there.
   * @throws {TykError} `TYK_NOT_CARRIED` for one that is there.
   */
  append(name: string, value: string | number | boolean): void;
  /** Removes every value of the parameter. */
  delete(name: string): void;
}

/** A request as a response hook sees it: as it was sent to the upstream. */
export interface TykRequestView {
  /** Such as `GET`. */
  readonly method: string;
  /**
   * Path and query as they are now, the API's listen path included: `/shop/items?page=2`. After a URL rewrite they are those of its
   * target, and in a response hook those that the upstream was asked for, without a listen path that the API strips.
   */
  readonly url: string;
  /** The path of {@link TykRequestView.url}, percent-encoded. */
  readonly path: string;
  /** The target of the client's request line, which no hook changes. After a URL rewrite a `post` hook has the rewrite's here too. */
  readonly requestUri: string;
  /** `https` where the client's connection to the gateway is TLS. */
  readonly scheme: "http" | "https";
  /** The host that the client asked for, with the port where it gave one. */
  readonly host: string;
  readonly headers: RequestHeadersView;
  readonly query: QueryView;
  /** The bytes of the body; none for a request without one. They are those of the message: bytes that change in them do change. */
  readonly body: Buffer;
  /** @throws {TykError} `TYK_BAD_BODY` where the body is not UTF-8, or has a `Content-Encoding`. */
  text(): string;
  /**
   * The body as JSON. What it is, is for the hook to check.
   * @throws {TykError} `TYK_BAD_BODY` where it is none.
   */
  json(): unknown;
  /**
   * The fields of an `application/x-www-form-urlencoded` body. To change them, change what this returns, and set `body` to it.
   * @throws {TykError} `TYK_BAD_BODY` where the content type is another.
   */
  form(): URLSearchParams;
  /**
   * The body without its `Content-Encoding`: gzip, deflate and br.
   * @throws {TykError} `TYK_BAD_BODY` for other encodings and for broken bodies; `TYK_BODY_TOO_LARGE`.
   */
  decoded(options?: DecodeOptions): Promise<Buffer>;
}

/** A request that a hook may change: each hook has a fresh one, with the changes of those before it. */
export interface TykRequest extends TykRequestView {
  /** What it is set to is the method from here on; the gateway's route does not change. */
  get method(): string;
  set method(value: string);
  /**
   * Set, it changes path and query together. Scheme and host cannot be given.
   * @throws {TykError} `TYK_NOT_CARRIED` for an absolute URL, and for a query with several new values of one name.
   */
  get url(): string;
  set url(value: string);
  /** What it is set to goes to the upstream: with the listen path before it, or without. The query stays. */
  get path(): string;
  set path(value: string);
  readonly headers: RequestHeaders;
  readonly query: Query;
  /**
   * Set, it is the new body, without a `Content-Encoding`; an object is sent as JSON, and makes a missing `Content-Type`
   * `application/json`.
   */
  get body(): Buffer;
  set body(value: BodyInput | null | undefined);
}
