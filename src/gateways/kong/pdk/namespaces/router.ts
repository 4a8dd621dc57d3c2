// Owns the types of `kong.router`.
import type { Route, Service } from "../entities.js";

/** What the gateway's router decided. */
export interface KongRouter {
  /**
   * The route that matched. `undefined` when none did.
   *
   * Phases: access, response (2.8.5+), log (3.1.1+).
   */
  getRoute(): Promise<Route | undefined>;

  /**
   * The service of the route. `undefined` when the route has none.
   *
   * Phases: access, response (2.8.5+), log (3.1.1+).
   */
  getService(): Promise<Service | undefined>;
}
