// Owns the plugins that run: each one's current generation, its isolates, and when it was last used.
import type { PhaseHost, PhaseHostListener } from "../channel/index.js";
import type { Generation } from "../plugins/index.js";
import type { CreatePool, InstancePool } from "./plugin-source.js";

export interface ServedPlugin {
  generation: Generation;
  readonly pool: InstancePool;
  /** Unix times in seconds; 0 before the first time. */
  lastStart: number;
  lastClose: number;
}

export class ServedPlugins {
  readonly #listenerFor: (generation: Generation) => PhaseHostListener;
  readonly #createPool: CreatePool;
  readonly #plugins = new Map<string, ServedPlugin>();
  /** Pools of generations that are no longer served; instances may still run in them. */
  readonly #retired = new Set<InstancePool>();

  constructor(listenerFor: (generation: Generation) => PhaseHostListener, createPool: CreatePool) {
    this.#listenerFor = listenerFor;
    this.#createPool = createPool;
  }

  get(name: string): ServedPlugin | undefined {
    return this.#plugins.get(name);
  }

  list(): ServedPlugin[] {
    return [...this.#plugins.values()];
  }

  /** Serves these generations from now on. What runs goes on running where it is. */
  replace(generations: readonly Generation[]): void {
    for (const { pool } of this.#plugins.values()) {
      this.#retired.add(pool);
      void pool.retire().then(() => this.#retired.delete(pool));
    }
    this.#plugins.clear();
    for (const generation of generations) this.add(generation);
  }

  /** Serves one plugin more. */
  add(generation: Generation): void {
    const pool = this.#createPool(generation, this.#listenerFor(generation));
    this.#plugins.set(generation.name, { generation, pool, lastStart: 0, lastClose: 0 });
  }

  /** Serves another generation of a plugin: its instances move, its running events finish where they are. */
  reload(generation: Generation): void {
    const plugin = this.#plugins.get(generation.name);
    if (plugin === undefined) return this.add(generation);
    plugin.generation = generation;
    plugin.pool.replace(generation.artifact);
  }

  /** Starts an instance of a plugin, or returns undefined where there is no such plugin. */
  startInstance(name: string, id: number, config: string): PhaseHost | undefined {
    const plugin = this.#plugins.get(name);
    if (plugin === undefined) return undefined;
    plugin.lastStart = Date.now() / 1000;
    return plugin.pool.startInstance({ id, config });
  }

  /** Ends every isolate; with `now`, without waiting for the handlers that run in it. */
  async close(now: boolean): Promise<void> {
    const pools = [...this.#retired, ...this.list().map(({ pool }) => pool)];
    await Promise.all(pools.map((pool) => pool.close(now)));
  }
}
