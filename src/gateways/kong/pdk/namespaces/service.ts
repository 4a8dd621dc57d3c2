// Owns the types of `kong.service`: where the request is proxied to.
import type { KongServiceRequest } from "./service-request.js";
import type { KongServiceResponse } from "./service-response.js";

/**
 * The upstream side of the request.
 *
 * @example
 * await kong.service.setTarget("10.0.0.7", 8080);
 * await kong.service.request.setHeader("x-tenant", tenant);
 */
export interface KongService {
  readonly request: KongServiceRequest;
  readonly response: KongServiceResponse;

  /**
   * Sends the request to an upstream by its name, which the gateway balances over its targets. `true` when it is set. An
   * unknown name throws up to 2.8 and is `undefined` from 3.1; where nobody awaits it, it fails the request.
   *
   * Phases: access.
   */
  setUpstream(name: string): Promise<boolean | undefined>;

  /**
   * Sends the request to a host and port.
   *
   * Phases: access.
   *
   * @param port - a number; text is refused
   */
  setTarget(host: string, port: number): Promise<void>;

  /**
   * How often the gateway tries again when the service cannot be reached.
   *
   * Phases: access. Measured from 3.8.1.
   */
  setRetries(retries: number): Promise<void>;

  /**
   * The time limits towards the service, in milliseconds.
   *
   * Phases: access. Measured from 3.8.1.
   */
  setTimeouts(connect: number, write: number, read: number): Promise<void>;

  /**
   * Whether the gateway checks the service's TLS certificate. `true` when it is set.
   *
   * Phases: rewrite, access. Measured from 2.2.2.
   */
  setTlsVerify(verify: boolean): Promise<boolean | undefined>;
}
