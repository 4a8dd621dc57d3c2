// Owns the types of `kong.client.tls`: the client's side of the TLS connection.

/** The client's TLS connection. */
export interface KongClientTls {
  /**
   * The certificates the client showed, in PEM, its own first. `undefined` without TLS or without a certificate; up to 2.8
   * a connection without TLS throws. Only the case without TLS was recorded.
   *
   * Phases: rewrite, access, response (2.8.5+). Measured from 2.2.2.
   */
  getFullClientCertificateChain(): Promise<string | undefined>;

  /**
   * Lets no later connection of this client resume the TLS session.
   *
   * Phases: certificate. Measured from 2.2.2, as refused in the phases of a request.
   */
  disableSessionReuse(): Promise<void>;

  /**
   * Overrides what the variable `ssl_client_verify` says about the client's certificate.
   *
   * Phases: rewrite, access, response (2.8.5+). Measured from 2.2.2.
   *
   * @param result - `SUCCESS`, `NONE` or `FAILED:` with a reason
   */
  setClientVerify(result: "SUCCESS" | "NONE" | `FAILED:${string}`): Promise<void>;
}
