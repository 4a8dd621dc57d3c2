// Owns every instance: which plugin and configuration an id means, where it runs, and when it goes by itself.
import { performance } from "node:perf_hooks";
import type { CallHost } from "../../channel/index.js";
import type { Generation } from "./registry.js";

/** What is needed to start an instance again that went for being unused. */
export interface SleepingBinding {
  readonly id: number;
  readonly plugin: string;
  /** The configuration as the gateway sent it. It may hold secrets: never log it. */
  readonly config: string;
  /** Unix time in seconds. */
  readonly started: number;
  /** The code that it is for; none where it could not run. */
  generation: Generation | undefined;
  /** The schema that its configuration was started with, which says what in it is secret. */
  readonly fields: readonly unknown[];
}

export interface Binding extends SleepingBinding {
  host: CallHost;
  /** Why its events fail, where they do. */
  error: string | undefined;
  /** In the milliseconds of `performance.now`. */
  lastUsed: number;
}

const MIN_SWEEP = 100;
const MAX_SWEEP = 60_000;
/** Of those that live, and of those that sleep: the ones that were unused for longest go. */
const MAX_INSTANCES = 10_000;
/** Characters of their configurations, likewise. */
const MAX_TEXT = 64 * 2 ** 20;
/** What goes at once where a limit is passed, so that looking for the oldest is rare. */
const SHARE = 0.1;
/** Unused for so long (ms), an instance goes when its isolate is short of memory. */
const SPARE = 60_000;

export class BindingTable {
  readonly #instances = new Map<number, Binding>();
  readonly #sleeping = new Map<number, SleepingBinding>();
  readonly #idleTimeout: number;
  readonly #sweep: NodeJS.Timeout;
  readonly #newId: () => number;
  readonly #onGone: (id: number) => void;
  #text = 0;
  #sleepingText = 0;

  /**
   * `idleTimeout` in milliseconds: deleting a plugin tells this server nothing, so unused instances must go. They sleep, and
   * start again when they are used. A gateway may still hold ids of a former server for other configurations: `newId` gives
   * none of these. `onGone` hears of an instance that does not come back.
   */
  constructor(idleTimeout: number, newId: () => number, onGone: (id: number) => void = () => {}) {
    this.#idleTimeout = idleTimeout;
    this.#newId = newId;
    this.#onGone = onGone;
    this.#sweep = setInterval(
      () => this.#letGo(this.#unusedFor(this.#idleTimeout)),
      Math.min(MAX_SWEEP, Math.max(MIN_SWEEP, idleTimeout / 4)),
    ).unref();
  }

  get size(): number {
    return this.#instances.size;
  }

  nextId(): number {
    let id = this.#newId();
    while (this.#instances.has(id) || this.#sleeping.has(id)) id = this.#newId();
    return id;
  }

  add(instance: Omit<Binding, "error" | "lastUsed">): Binding {
    const added: Binding = { ...instance, error: undefined, lastUsed: performance.now() };
    this.#instances.set(added.id, added);
    this.#text += added.config.length;
    if (this.#instances.size > MAX_INSTANCES || this.#text > MAX_TEXT) this.#makeRoom(added);
    return added;
  }

  get(id: number): Binding | undefined {
    return this.#instances.get(id);
  }

  /** The instance, marked as used just now. */
  use(id: number): Binding | undefined {
    const instance = this.#instances.get(id);
    if (instance !== undefined) instance.lastUsed = performance.now();
    return instance;
  }

  /** One that a former server had: it sleeps until it is used. */
  restore(sleeping: SleepingBinding): void {
    this.#sleep(sleeping);
    this.#forgetOldest();
  }

  /** Takes out an instance that went for being unused: it is to be added again under its id. */
  wake(id: number): SleepingBinding | undefined {
    const sleeping = this.#sleeping.get(id);
    if (sleeping !== undefined) this.#forget(sleeping);
    return sleeping;
  }

  ofPlugin(plugin: string): Binding[] {
    return [...this.#instances.values()].filter((instance) => instance.plugin === plugin);
  }

  sleepingOf(plugin: string): SleepingBinding[] {
    return [...this.#sleeping.values()].filter((instance) => instance.plugin === plugin);
  }

  /** How many live and sleep of each plugin that has any. */
  counts(): ReadonlyMap<string, { readonly living: number; readonly sleeping: number }> {
    const counts = new Map<string, { living: number; sleeping: number }>();
    const countOf = (plugin: string): { living: number; sleeping: number } => {
      let count = counts.get(plugin);
      if (count === undefined) counts.set(plugin, (count = { living: 0, sleeping: 0 }));
      return count;
    };
    for (const { plugin } of this.#instances.values()) countOf(plugin).living += 1;
    for (const { plugin } of this.#sleeping.values()) countOf(plugin).sleeping += 1;
    return counts;
  }

  /** Forgets an instance. Its running events finish: they hold its handlers. */
  close(id: number): SleepingBinding | undefined {
    const instance = this.#instances.get(id);
    if (instance === undefined) return this.wake(id);
    this.#instances.delete(id);
    this.#text -= instance.config.length;
    instance.host.unbind(id);
    return instance;
  }

  /** The plugin's isolate is short of memory: what nobody uses now sleeps. */
  spare(plugin: string): void {
    this.#letGo(this.#unusedFor(SPARE).filter((instance) => instance.plugin === plugin));
  }

  end(): void {
    clearInterval(this.#sweep);
    this.#instances.clear();
    this.#sleeping.clear();
  }

  #unusedFor(time: number): Binding[] {
    const oldest = performance.now() - time;
    return [...this.#instances.values()].filter(({ lastUsed }) => lastUsed < oldest);
  }

  /** The one that was just added stays. */
  #makeRoom(added: Binding): void {
    const byAge = [...this.#instances.values()].filter((instance) => instance !== added);
    byAge.sort((a, b) => a.lastUsed - b.lastUsed);
    this.#letGo(byAge.slice(0, Math.ceil(byAge.length * SHARE)));
  }

  #letGo(instances: readonly Binding[]): void {
    for (const { id, plugin, config, started, generation, fields } of instances) {
      this.close(id);
      this.#sleep({ id, plugin, config, started, generation, fields });
    }
    this.#forgetOldest();
  }

  #sleep(instance: SleepingBinding): void {
    this.#sleeping.set(instance.id, instance);
    this.#sleepingText += instance.config.length;
  }

  #forgetOldest(): void {
    for (const oldest of this.#sleeping.values()) {
      if (this.#sleeping.size <= MAX_INSTANCES && this.#sleepingText <= MAX_TEXT) return;
      this.#forget(oldest);
      this.#onGone(oldest.id);
    }
  }

  #forget({ id, config }: SleepingBinding): void {
    this.#sleeping.delete(id);
    this.#sleepingText -= config.length;
  }
}
