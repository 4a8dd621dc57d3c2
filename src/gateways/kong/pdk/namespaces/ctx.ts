// Owns the types of `kong.ctx`: values that live as long as a request.

/** Values under string keys. */
export interface KongCtxShared {
  /**
   * The value under a key, from this or an earlier phase, also set by another plugin. `undefined` when there is none.
   *
   * Phases: all. Measured from 2.2.2.
   */
  get(key: string): Promise<unknown>;

  /**
   * Keeps a value for the rest of the request. It is copied: text, numbers, booleans, lists and plain objects survive.
   *
   * Phases: all. Measured from 2.2.2.
   */
  set(key: string, value: unknown): Promise<void>;
}

/**
 * Values that live as long as the request.
 *
 * @example
 * await kong.ctx.shared.set("my-plugin.tenant", tenant); // in access
 * const tenant = await kong.ctx.shared.get("my-plugin.tenant"); // in log
 */
export interface KongCtx {
  readonly shared: KongCtxShared;
}
