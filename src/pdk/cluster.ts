// Owns the types of `kong.cluster`.

/** The cluster that the gateway node belongs to. */
export interface KongCluster {
  /**
   * The id of the cluster. `undefined` without a database, and in every recorded version.
   *
   * Phases: all.
   */
  getId(): Promise<string | undefined>;
}
