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

/** Values under string keys that no other plugin sees. No recorded gateway offers them to a plugin server. */
export interface KongCtxPlugin {
  /**
   * The plugin's own value under a key. `undefined` in every recorded version; use `kong.ctx.shared` with a prefixed key.
   *
   * Phases: all.
   */
  get(key: string): Promise<unknown>;

  /**
   * Keeps a value for this plugin alone. Without effect where the gateway lacks it, like `get`.
   *
   * Phases: all.
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
  readonly plugin: KongCtxPlugin;
}
