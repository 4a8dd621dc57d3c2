// Owns the types of `kong.ip`.

/** Addresses the gateway trusts. */
export interface KongIp {
  /**
   * Whether an address is one of the gateway's `trusted_ips`. Text that is no address is not.
   *
   * Phases: all.
   */
  isTrusted(address: string): Promise<boolean>;
}
