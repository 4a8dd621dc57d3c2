// Spreads the instances of a plugin over the thread that reads its socket and isolates beside it.
import type { InstanceSpec, PhaseHost } from "../channel/index.js";
import type { PluginPool } from "../isolates/index.js";
import type { InstancePool } from "../server/index.js";
import type { InThreadPool } from "./in-thread-pool.js";

export class SpreadPool implements InstancePool {
  readonly #own: InThreadPool;
  readonly #beside: PluginPool;

  constructor(own: InThreadPool, beside: PluginPool) {
    this.#own = own;
    this.#beside = beside;
  }

  /** The least loaded gets it; where all are equal the thread of the socket, which is nearest. */
  startInstance(spec: InstanceSpec): PhaseHost {
    return this.#own.instanceCount <= this.#beside.leastInstances
      ? this.#own.startInstance(spec)
      : this.#beside.startInstance(spec);
  }

  /** The code of an isolate is what it was started with: its host starts another. */
  replace(): void {}

  retire(): Promise<void> {
    return Promise.resolve();
  }

  close(now: boolean): Promise<void> {
    return this.#beside.close(now);
  }
}
