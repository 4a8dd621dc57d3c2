// Owns the types of `kong.vault`.

/** Secrets that the gateway's configuration refers to. */
export interface KongVault {
  /**
   * Whether a text has the form of a reference to a secret, such as `{vault://env/password}`.
   *
   * Phases: all. Measured from 2.8.5.
   */
  isReference(text: string): Promise<boolean>;

  /**
   * The secret behind a reference. `undefined` when there is none, which throws in 2.8.
   *
   * Phases: all. Measured from 2.8.5.
   */
  get(reference: string): Promise<string | undefined>;
}
