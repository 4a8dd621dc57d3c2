// Owns the types of `kong.service.response`: the response as the service sent it.
import type { Buffer } from "node:buffer";
import type { ParsedBody } from "../values.js";

/**
 * The service's response, before anything was changed.
 *
 * @example
 * const body = await kong.service.response.getRawBody();
 * kong.response.exit(200, Buffer.concat([body, footer]));
 */
export interface KongServiceResponse {
  /**
   * The status code. `undefined` when the service was not asked.
   *
   * Phases: response. Measured from 2.2.2.
   */
  getStatus(): Promise<number | undefined>;

  /**
   * A header of the response, the first of repeated ones; case does not matter. `undefined` when there is none.
   *
   * A value that is not UTF-8 is a `Buffer` at run time.
   *
   * Phases: response. Measured from 2.2.2.
   */
  getHeader(name: string): Promise<string | undefined>;

  /**
   * All headers that the service sent, by their name in lower case. Values that are not UTF-8 are a `Buffer` at run time.
   *
   * The gateway's own function is empty in every recorded version. This one asks for the headers of the response, and for
   * each whether the service sent it: one call per header, so ask for a few by `getHeader`. What plugins have removed is
   * missing, and what they have added beside a value of the service's is there.
   *
   * Phases: response. Measured from 2.2.2.
   *
   * @param maxHeaders - how many to give at most: 1 to 1000, otherwise refused; 100 by default
   */
  getHeaders(maxHeaders?: number): Promise<Record<string, string[]>>;

  /**
   * The body's bytes; empty without a body.
   *
   * Phases: response. Measured from 2.2.2.
   */
  getRawBody(): Promise<Buffer>;

  /**
   * The body, parsed by its content type. `undefined` when it does not parse (an error up to 2.8).
   *
   * Phases: response. Measured from 2.2.2.
   *
   * @param mimetype - parse as this type whatever the response says
   */
  getBody(mimetype?: string): Promise<ParsedBody | undefined>;
}
