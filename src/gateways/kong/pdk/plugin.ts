// Owns the types of `kong.plugin`.

/** The plugin's entry in the gateway's configuration. */
export interface KongPlugin {
  /**
   * The id of the configuration that the plugin runs with, a UUID.
   *
   * Phases: all. Measured from 3.4.2; `undefined` before.
   */
  getId(): Promise<string | undefined>;
}
