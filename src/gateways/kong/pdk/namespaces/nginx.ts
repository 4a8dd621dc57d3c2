// Owns the types of `kong.nginx`: what the nginx under the gateway knows.
import type { NginxStatistics } from "../entities.js";

/** nginx's own variables, counters and request context. */
export interface KongNginx {
  /**
   * Whether the gateway handles an HTTP request or a stream connection.
   *
   * Phases: all.
   */
  getSubsystem(): Promise<"http" | "stream">;

  /**
   * Counters of connections and requests.
   *
   * Phases: all. Measured from 3.1.1.
   */
  getStatistics(): Promise<NginxStatistics>;

  /**
   * An nginx variable, without the dollar sign. Numbers come as text. `undefined` when there is none of that name.
   *
   * Phases: certificate, rewrite, access, response, preread.
   *
   * @example
   * const bytes = Number(await kong.nginx.getVar("request_length"));
   */
  getVar(name: string): Promise<string | undefined>;

  /**
   * The TLS version of the client's connection, such as `TLSv1.3`. `undefined` without TLS; up to 2.8 that throws.
   *
   * Phases: all.
   */
  getTls1VersionStr(): Promise<string | undefined>;

  /**
   * When the request began, in **seconds** since 1970 with milliseconds behind the point. See `kong.request.getStartTime`.
   *
   * Phases: all.
   */
  reqStartTime(): Promise<number>;

  /**
   * A value of the request's context in the gateway. `undefined` when there is none.
   *
   * Phases: all.
   */
  getCtx(key: string): Promise<unknown>;

  /**
   * Puts a value into the request's context in the gateway, among its own: prefer `kong.ctx.shared`.
   *
   * Phases: all. Measured from 2.2.2.
   */
  setCtx(key: string, value: unknown): Promise<void>;
}
