// Owns the types of `kong.client`: who is connected, and as whom.
import type { KongClientTls } from "./client-tls.js";
import type { Consumer, Credential } from "../entities.js";

/**
 * The client's connection and identity.
 *
 * @example
 * const consumer = await kong.client.getConsumer();
 * if (consumer === undefined) kong.response.exit(401, "who are you?");
 */
export interface KongClient {
  readonly tls: KongClientTls;

  /**
   * The address of the connection's other end, which may be a proxy.
   *
   * Phases: certificate, rewrite, access, response, preread.
   */
  getIp(): Promise<string>;

  /**
   * The client's address as trusted proxies forwarded it; the same as `getIp` when none did.
   *
   * Phases: certificate, rewrite, access, response, preread.
   */
  getForwardedIp(): Promise<string>;

  /**
   * The port of the connection's other end.
   *
   * Phases: certificate, rewrite, access, response, preread.
   */
  getPort(): Promise<number>;

  /**
   * The client's port as trusted proxies forwarded it. `undefined` when they did not: the recordings never had a value.
   *
   * Phases: certificate, rewrite, access, response, preread.
   */
  getForwardedPort(): Promise<number | undefined>;

  /**
   * The credential that an authentication plugin accepted. `undefined` when the request is not authenticated.
   *
   * Phases: access, response (2.8.5+), log (3.1.1+).
   */
  getCredential(): Promise<Credential | undefined>;

  /**
   * The consumer that an authentication plugin found. `undefined` when the request is not authenticated.
   *
   * Phases: access, response (2.8.5+), log (3.1.1+).
   */
  getConsumer(): Promise<Consumer | undefined>;

  /**
   * The protocol the client speaks by the matching route: `http`, `https`, `tcp`, … .
   *
   * Phases: access, response (2.8.5+).
   *
   * @param allowTerminated - believe a trusted proxy's `X-Forwarded-Proto`, when TLS ends before the gateway
   */
  getProtocol(allowTerminated?: boolean): Promise<string | undefined>;

  /**
   * Looks a consumer up. `undefined` when there is none.
   *
   * Phases: access, response (2.8.5+), log (3.1.1+).
   *
   * @param id - the consumer's id; anything that is not a UUID is refused unless `byUsername` is set
   * @param byUsername - take `id` for a username when no consumer has it as id
   */
  loadConsumer(id: string, byUsername?: boolean): Promise<Consumer | undefined>;

  /**
   * Makes a consumer the one who sends this request, for later plugins and the log.
   *
   * Phases: access.
   */
  authenticate(consumer: Consumer, credential?: Credential): Promise<void>;
}
