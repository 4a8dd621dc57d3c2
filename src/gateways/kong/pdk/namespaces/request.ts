// Owns the types of `kong.request`: the request as the client sent it.
import type { Buffer } from "node:buffer";
import type { UriCaptures } from "../entities.js";
import type { BodyOptions, ParsedBody } from "../values.js";

/**
 * The client's request. Changing what the service gets is `kong.service.request`.
 *
 * @example
 * const [path, agent] = await Promise.all([kong.request.getPath(), kong.request.getHeader("user-agent")]);
 */
export interface KongRequest {
  /**
   * The protocol of the request's URL, in lower case: `http` or `https`.
   *
   * Phases: rewrite, access, response (2.8.5+).
   */
  getScheme(): Promise<string>;

  /**
   * The host of the request's URL or `Host` header, without the port, in lower case.
   *
   * Phases: rewrite, access, response (2.8.5+).
   */
  getHost(): Promise<string>;

  /**
   * The port of the gateway that the request came to.
   *
   * Phases: rewrite, access, response.
   */
  getPort(): Promise<number>;

  /**
   * Like `getScheme`, but `X-Forwarded-Proto` counts when it comes from a trusted address.
   *
   * Phases: rewrite, access, response (2.8.5+).
   */
  getForwardedScheme(): Promise<string>;

  /**
   * Like `getHost`, but `X-Forwarded-Host` counts when it comes from a trusted address.
   *
   * Phases: rewrite, access, response (2.8.5+).
   */
  getForwardedHost(): Promise<string>;

  /**
   * Like `getPort`, but `X-Forwarded-Port` counts when it comes from a trusted address.
   *
   * Phases: rewrite, access, response (2.8.5+).
   */
  getForwardedPort(): Promise<number>;

  /**
   * Like `getPath`, but `X-Forwarded-Path` counts when it comes from a trusted address.
   *
   * Phases: rewrite, access, response (2.8.5+). Measured from 2.2.2.
   */
  getForwardedPath(): Promise<string>;

  /**
   * The part of the path that the gateway strips before proxying; `X-Forwarded-Prefix` counts when it comes from a trusted
   * address. `undefined` when nothing is stripped.
   *
   * Phases: rewrite, access, response (2.8.5+). Measured from 2.2.2.
   */
  getForwardedPrefix(): Promise<string | undefined>;

  /**
   * The HTTP version as a number: 1, 1.1 or 2.
   *
   * Phases: rewrite, access, response (2.8.5+).
   */
  getHttpVersion(): Promise<number>;

  /**
   * The method in capitals.
   *
   * Phases: rewrite, access, response (2.8.5+).
   */
  getMethod(): Promise<string>;

  /**
   * The path without the query. From 3.x normalised, see `getRawPath`.
   *
   * Phases: rewrite, access, response (2.8.5+).
   */
  getPath(): Promise<string>;

  /**
   * The path as the client sent it, without the query.
   *
   * Phases: rewrite, access, response. Measured from 3.1.1.
   */
  getRawPath(): Promise<string>;

  /**
   * The path with the query as the client sent it.
   *
   * Phases: rewrite, access, response (2.8.5+).
   */
  getPathWithQuery(): Promise<string>;

  /**
   * The query as the client sent it, without the question mark. Empty when there is none.
   *
   * Phases: rewrite, access, response (2.8.5+).
   */
  getRawQuery(): Promise<string>;

  /**
   * A query argument, decoded: the first of repeated ones, `true` for a bare name (`?flag`), `""` for `?name=`.
   * `undefined` when there is none.
   *
   * Phases: rewrite, access, response (2.8.5+).
   */
  getQueryArg(name: string): Promise<string | true | undefined>;

  /**
   * All query arguments, decoded. A bare name has an empty list; beside other values of the same name, or repeated, it is
   * `true` in the list. Arguments without a name are left out.
   *
   * Phases: rewrite, access, response (2.8.5+).
   *
   * @param maxArgs - how many to read at most: 1 to 1000, otherwise refused; 100 by default
   */
  getQuery(maxArgs?: number): Promise<Record<string, (string | true)[]>>;

  /**
   * A request header; case does not matter and `_` counts as `-`. Of repeated ones the first, in some versions all joined
   * with a comma. `undefined` when there is none.
   *
   * A value that is not UTF-8 is a `Buffer` at run time.
   *
   * Phases: rewrite, access, response (2.8.5+), log (2.8.5+).
   */
  getHeader(name: string): Promise<string | undefined>;

  /**
   * All request headers by their name in lower case. Values that are not UTF-8 are a `Buffer` at run time.
   *
   * Phases: rewrite, access, response (2.8.5+), log (2.8.5+).
   *
   * @param maxHeaders - how many to read at most: 1 to 1000, otherwise refused; 100 by default. Ignored in the log phase
   */
  getHeaders(maxHeaders?: number): Promise<Record<string, string[]>>;

  /**
   * The body's bytes; empty without a body.
   *
   * A body larger than nginx's buffer (8 or 16 kB by default) lies in a file, and reading that differs. From 3.8 it is there.
   * From 3.0 to 3.7 the gateway itself answers with HTTP 500, and the handler hears nothing; up to 2.8 it throws a `PdkError`
   * with the code `PDK_CALL_FAILED` that says how large the body is: there raise `nginx_http_client_body_buffer_size`. Over
   * ProtoBuf:1 it is there in every version. A body larger than `maxSize` throws `PDK_BODY_TOO_LARGE`, before it travels if
   * the request has a `Content-Length`.
   *
   * Phases: rewrite, access, response (2.8.5+).
   *
   * @param limit - `{ maxSize }` in bytes; or a number, which is given to the gateway as it is: from 3.8 the largest size to
   *   read from a file, 0 for any
   * @example
   * const body = await kong.request.getRawBody({ maxSize: 1_000_000 });
   */
  getRawBody(limit?: BodyOptions | number): Promise<Buffer>;

  /**
   * The body, parsed by its content type: JSON, a form, or a multipart form. It is parsed here, the same for every gateway:
   * theirs refuse a `null` in JSON up to 2.8, make an empty object a list, and lose the reason from 3.1. Values of a form are
   * text (a `Buffer` where it is not UTF-8), lists of repeated names, and `true` for bare ones; files of a multipart form
   * are `UploadedFile`. `undefined` without a body and a content type. A body that does not parse, or is of another type,
   * throws a `PdkError` with the code `PDK_BAD_BODY` that says which type and what is wrong.
   *
   * A body of any size is read, as far as the gateway gives it (see `getRawBody`), unless `options` has a `maxSize`. Plugins in
   * the form of kong-js-pdk get what the gateway makes of it.
   *
   * Phases: rewrite, access, response (2.8.5+).
   *
   * @param mimetype - parse as this type whatever the request says; text or `undefined`, anything else is refused
   */
  getBody(mimetype?: string, options?: BodyOptions): Promise<ParsedBody | undefined>;

  /**
   * When the gateway began with the request, in **milliseconds** since 1970.
   *
   * Phases: rewrite, access, response, log. Measured from 3.1.1.
   */
  getStartTime(): Promise<number>;

  /**
   * What the regular expression of the route's path captured. Both parts are empty before the route is known (rewrite) and
   * for a plain path.
   *
   * Phases: rewrite, access, response, log. Measured from 3.1.1.
   */
  getUriCaptures(): Promise<UriCaptures>;
}
