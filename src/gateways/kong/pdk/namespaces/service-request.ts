// Owns the types of `kong.service.request`: the request as the service gets it.
import type { HeaderValue, HeaderValues, QueryValues } from "../values.js";

/** Changes the request before it goes to the service. */
export interface KongServiceRequest {
  /**
   * The protocol towards the service.
   *
   * Phases: rewrite (3.8.1+), access.
   *
   * @param scheme - another is refused
   */
  setScheme(scheme: "http" | "https"): Promise<void>;

  /**
   * The path towards the service, without a query. The gateway escapes what needs it.
   *
   * Phases: rewrite (3.8.1+), access.
   *
   * @param path - must begin with a slash, otherwise refused
   */
  setPath(path: string): Promise<void>;

  /**
   * The query as it is sent, without the question mark.
   *
   * Phases: rewrite, access.
   */
  setRawQuery(query: string): Promise<void>;

  /**
   * The method.
   *
   * Phases: rewrite, access.
   *
   * @param method - in capitals, otherwise refused
   */
  setMethod(method: string): Promise<void>;

  /**
   * Replaces the whole query; the gateway escapes names and values.
   *
   * Phases: rewrite, access.
   */
  setQuery(query: QueryValues): Promise<void>;

  /**
   * Sets a request header in place of any of that name. `host` changes the name the service is called by.
   *
   * Phases: rewrite, access.
   *
   * @param value - a list is refused before 3.8.1; `setHeaders` takes lists everywhere
   */
  setHeader(name: string, value: HeaderValue | readonly HeaderValue[]): Promise<void>;

  /**
   * Adds a request header beside any of that name.
   *
   * Phases: rewrite, access.
   *
   * @param value - a list is refused before 3.8.1
   */
  addHeader(name: string, value: HeaderValue | readonly HeaderValue[]): Promise<void>;

  /**
   * Removes every request header of a name.
   *
   * Phases: rewrite, access.
   */
  clearHeader(name: string): Promise<void>;

  /**
   * Sets several request headers, each in place of any of that name.
   *
   * Phases: rewrite, access.
   */
  setHeaders(headers: HeaderValues): Promise<void>;

  /**
   * Replaces the body, and its length.
   *
   * Phases: rewrite, access.
   */
  setRawBody(body: string | Uint8Array): Promise<void>;

  /**
   * Replaces the body by an object encoded for a content type, and sets that. It is encoded here, the same for every gateway.
   * JSON keeps empty lists. In a form, `true` is a bare name, `false` is left out and a list repeats its name; a multipart
   * form takes `UploadedFile` too. What cannot be encoded throws a `PdkError` that says which type and field.
   *
   * Phases: rewrite, access.
   *
   * @param mimetype - by default the request's own; JSON, form and multipart are known, others are refused
   */
  setBody(body: object, mimetype?: string): Promise<boolean | undefined>;

  /**
   * Has the gateway read the whole response before it answers the client, as a plugin with a `response` phase always does.
   *
   * Phases: rewrite, access.
   */
  enableBuffering(): Promise<void>;
}
