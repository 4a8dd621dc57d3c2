// Owns the types of `kong.response`: the response as the client gets it.
import type { HeaderValue, HeaderValues } from "../values.js";

/**
 * The response to the client.
 *
 * @example
 * await kong.response.setHeader("x-served-by", "pluginserver");
 */
export interface KongResponse {
  /**
   * The status code.
   *
   * Phases: response, log (2.8.5+). Measured from 2.2.2.
   */
  getStatus(): Promise<number>;

  /**
   * A response header, the first of repeated ones; case does not matter. `undefined` when there is none.
   *
   * A value that is not UTF-8 is a `Buffer` at run time.
   *
   * Phases: response, log (2.8.5+). Measured from 2.2.2.
   */
  getHeader(name: string): Promise<string | undefined>;

  /**
   * All response headers by their name in lower case. Values that are not UTF-8 are a `Buffer` at run time.
   *
   * Phases: response, log (2.8.5+). Measured from 2.2.2.
   *
   * @param maxHeaders - how many to read at most: 1 to 1000, otherwise refused; 100 by default. Ignored in the log phase
   */
  getHeaders(maxHeaders?: number): Promise<Record<string, string[]>>;

  /**
   * Where the response comes from: the service, a plugin that called `exit`, or an error of the gateway.
   *
   * Phases: response, log (2.8.5+). Measured from 2.2.2.
   */
  getSource(): Promise<"service" | "exit" | "error">;

  /**
   * Sets the status code of the response.
   *
   * Phases: rewrite, access, response.
   *
   * @param status - 100 to 599, otherwise refused
   */
  setStatus(status: number): Promise<void>;

  /**
   * Sets a response header in place of any of that name.
   *
   * Phases: rewrite, access, response.
   *
   * @param value - a list is refused before 3.8.1; `setHeaders` takes lists everywhere
   */
  setHeader(name: string, value: HeaderValue | readonly HeaderValue[]): Promise<void>;

  /**
   * Adds a response header beside any of that name.
   *
   * Phases: rewrite, access, response.
   *
   * @param value - one value; call again for another
   */
  addHeader(name: string, value: HeaderValue): Promise<void>;

  /**
   * Removes every response header of a name.
   *
   * Phases: rewrite, access, response.
   */
  clearHeader(name: string): Promise<void>;

  /**
   * Sets several response headers, each in place of any of that name.
   *
   * Phases: rewrite, access, response.
   */
  setHeaders(headers: HeaderValues): Promise<void>;

  /**
   * Answers the client and **never returns**: the handler ends here, awaited or not, and later plugins of the phase do not
   * run. In access the service is not called; in response its status and body are replaced and its headers stay.
   *
   * Phases: rewrite, access, response.
   *
   * @param status - 100 to 599, otherwise the client gets 500
   * @param body - text and bytes are sent as they are; an object as JSON with its content type. An empty array is sent as `{}`;
   *   `undefined` before headers as an empty body. A `null` would make the gateway lose the headers: no type allows it
   * @param headers - set in place of any of the same name
   * @example
   * if (!allowed) kong.response.exit(403, { message: "not for you" }, { "x-reason": "quota" });
   */
  exit(status: number, body?: string | Uint8Array | object, headers?: HeaderValues): never;

  /**
   * Answers the client with an error in the gateway's own words and format (JSON, HTML, XML or text, as the client accepts)
   * and **never returns**, like `exit`.
   *
   * Phases: rewrite, access, response. Measured from 2.2.2; Kong 2.0 lacks it: the server calls `exit` there, the message as JSON.
   *
   * @param status - the status code
   * @param message - in place of the gateway's text for that status
   * @param headers - sent along
   */
  error(status: number, message?: string | object, headers?: HeaderValues): never;
}
