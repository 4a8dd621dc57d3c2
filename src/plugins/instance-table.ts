// Owns every instance: which plugin and configuration an id means, where it runs, and when it goes by itself.
import { performance } from "node:perf_hooks";
import type { PhaseHost } from "../channel/index.js";

export interface Instance {
  readonly id: number;
  readonly plugin: string;
  /** The configuration as the gateway sent it. It may hold secrets: never log it. */
  readonly config: string;
  readonly host: PhaseHost;
  /** Unix time in seconds. */
  readonly started: number;
  /** Why its events fail, where they do. */
  error: string | undefined;
  /** In the milliseconds of `performance.now`. */
  lastUsed: number;
  /** Whether its gateway cannot be told that it has gone, so that it comes back when it is used. */
  readonly comesBack: boolean;
}

/** What is needed to start an instance that went for being unused again. */
export type SleepingInstance = Pick<Instance, "id" | "plugin" | "config" | "started">;

const MIN_SWEEP = 100;
const MAX_SWEEP = 60_000;
/** The oldest go: a gateway that deletes a plugin says nothing of it. */
const MAX_SLEEPING = 10_000;

export class InstanceTable {
  readonly #instances = new Map<number, Instance>();
  readonly #sleeping = new Map<number, SleepingInstance>();
  readonly #idleTimeout: number;
  readonly #sweep: NodeJS.Timeout;
  readonly #newId: () => number;
  readonly #onGone: (id: number) => void;

  /**
   * `idleTimeout` in milliseconds: deleting a plugin tells this server nothing, so unused instances must go. A gateway may
   * still hold ids of a former server for other configurations: `newId` gives none of these. `onGone` hears of an instance
   * that went for being unused and does not come back.
   */
  constructor(idleTimeout: number, newId: () => number, onGone: (id: number) => void = () => {}) {
    this.#idleTimeout = idleTimeout;
    this.#newId = newId;
    this.#onGone = onGone;
    this.#sweep = setInterval(() => this.#expire(), Math.min(MAX_SWEEP, Math.max(MIN_SWEEP, idleTimeout / 4))).unref();
  }

  get size(): number {
    return this.#instances.size;
  }

  nextId(): number {
    let id = this.#newId();
    while (this.#instances.has(id) || this.#sleeping.has(id)) id = this.#newId();
    return id;
  }

  add(instance: Omit<Instance, "error" | "lastUsed">): Instance {
    const added: Instance = { ...instance, error: undefined, lastUsed: performance.now() };
    this.#instances.set(added.id, added);
    return added;
  }

  get(id: number): Instance | undefined {
    return this.#instances.get(id);
  }

  /** The instance, marked as used just now. */
  use(id: number): Instance | undefined {
    const instance = this.#instances.get(id);
    if (instance !== undefined) instance.lastUsed = performance.now();
    return instance;
  }

  /** Takes out an instance that went for being unused: it is to be added again under its id. */
  wake(id: number): SleepingInstance | undefined {
    const sleeping = this.#sleeping.get(id);
    this.#sleeping.delete(id);
    return sleeping;
  }

  ofPlugin(plugin: string): Instance[] {
    return [...this.#instances.values()].filter((instance) => instance.plugin === plugin);
  }

  /** Forgets an instance. Its running events finish: they hold its handlers. */
  close(id: number): Instance | undefined {
    const instance = this.#instances.get(id);
    this.#sleeping.delete(id);
    if (instance === undefined) return undefined;
    this.#instances.delete(id);
    instance.host.closeInstance(id);
    return instance;
  }

  end(): void {
    clearInterval(this.#sweep);
    this.#instances.clear();
    this.#sleeping.clear();
  }

  #expire(): void {
    const oldest = performance.now() - this.#idleTimeout;
    for (const instance of this.#instances.values()) {
      if (instance.lastUsed < oldest) this.#letGo(instance);
    }
  }

  #letGo({ id, plugin, config, started, comesBack }: Instance): void {
    this.close(id);
    if (!comesBack) return this.#onGone(id);
    this.#sleeping.set(id, { id, plugin, config, started });
    const [oldest] = this.#sleeping.keys();
    if (this.#sleeping.size <= MAX_SLEEPING || oldest === undefined) return;
    this.#sleeping.delete(oldest);
    this.#onGone(oldest);
  }
}
