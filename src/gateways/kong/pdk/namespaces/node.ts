// Owns the types of `kong.node`.
import type { MemoryStats } from "../entities.js";

/** The gateway node that handles the request. */
export interface KongNode {
  /**
   * The id of the node, a UUID.
   *
   * Phases: all.
   */
  getId(): Promise<string>;

  /**
   * The host name of the node.
   *
   * Phases: all. Measured from 2.3.3.
   */
  getHostname(): Promise<string>;

  /**
   * Memory of the node, in bytes or as text in a larger unit.
   *
   * Phases: all.
   *
   * @param unit - another unit than these is refused
   * @param scale - digits behind the point, 2 by default
   * @example
   * const stats = await kong.node.getMemoryStats("m");
   * stats.lua_shared_dicts["kong"]?.capacity; // "5.00 MiB"
   */
  getMemoryStats(unit: "k" | "m" | "g", scale?: number): Promise<MemoryStats<string>>;
  getMemoryStats(unit?: "b"): Promise<MemoryStats>;
}
