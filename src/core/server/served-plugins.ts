// Owns the plugins that run: each one's current generation, its isolates, and former generations that still have instances.
import type { CallHost, CallHostListener } from "../channel/index.js";
import type { Generation, Binding, BindingTable, SleepingBinding } from "../plugins/index.js";
import type { GatewayTelemetry, PluginTelemetry, ServedCode } from "../telemetry/index.js";
import type { ConfigurationProblem, ConfigurationRules } from "./configuration-rules.js";
import type { CreatePool, BindingPool } from "./plugin-source.js";

export interface ServedPlugin {
  generation: Generation;
  pool: BindingPool;
  /** The schema that a gateway can have read, which reads it at its start alone. */
  readonly announced: readonly unknown[];
  /** Unix times in seconds; 0 before the first time. */
  lastStart: number;
  lastClose: number;
}

/** One whose configuration does not fit the new schema, so that its former code goes on. */
export interface StayingBinding {
  readonly instance: SleepingBinding;
  readonly problems: readonly ConfigurationProblem[];
  /** What the gateway calls the entities that it belongs to. */
  readonly ids: Readonly<Record<string, string>>;
}

/** Takes plugins over as they come and change. */
export interface PluginReceiver {
  /** Serves these generations from now on. What runs goes on running where it is. */
  replace(generations: readonly Generation[]): void;
  /** Serves one plugin more. */
  add(generation: Generation): void;
  /** Serves another generation of a plugin. Returns the bindings that go on with their own code. */
  reload(generation: Generation): StayingBinding[];
  /** Changed files of a plugin do not load: it is served on as it is. */
  reloadFailed(served: Generation, reason: string): void;
}

export class ServedPlugins implements PluginReceiver {
  readonly #instances: BindingTable;
  readonly #rules: ConfigurationRules;
  readonly #listenerFor: (generation: Generation) => CallHostListener;
  readonly #createPool: CreatePool;
  readonly #telemetry: GatewayTelemetry;
  readonly #plugins = new Map<string, ServedPlugin>();
  /** Pools of generations that are no longer served; instances still run in them. */
  readonly #former = new Map<Generation, BindingPool>();
  #revision = 0;

  constructor(
    instances: BindingTable,
    rules: ConfigurationRules,
    listenerFor: (generation: Generation) => CallHostListener,
    createPool: CreatePool,
    telemetry: GatewayTelemetry,
  ) {
    this.#instances = instances;
    this.#rules = rules;
    this.#listenerFor = listenerFor;
    this.#createPool = createPool;
    this.#telemetry = telemetry;
  }

  /** Another number after each change of a plugin, for who keeps what follows from them. */
  get revision(): number {
    return this.#revision;
  }

  get(name: string): ServedPlugin | undefined {
    return this.#plugins.get(name);
  }

  list(): ServedPlugin[] {
    return [...this.#plugins.values()];
  }

  /** Serves these generations from now on. What runs goes on running where it is. */
  replace(generations: readonly Generation[]): void {
    for (const { generation, pool } of this.#plugins.values()) this.#retire(generation, pool);
    this.#plugins.clear();
    this.#revision += 1;
    this.#telemetry.keep(generations.map(({ name }) => name));
    for (const generation of generations) this.add(generation);
  }

  /** Serves one plugin more. */
  add(generation: Generation): void {
    const pool = this.#newPool(generation, this.#telemetry.serves(generation.name, codeOf(generation)));
    const announced = generation.metadata.schema;
    this.#plugins.set(generation.name, { generation, pool, announced, lastStart: 0, lastClose: 0 });
    this.#revision += 1;
  }

  /**
   * Serves another generation of a plugin: the instances whose configuration fits it move, running events finish where they
   * are. Returns the others, which go on where they are, with their own code.
   */
  reload(generation: Generation): StayingBinding[] {
    const plugin = this.#plugins.get(generation.name);
    if (plugin === undefined) {
      this.add(generation);
      return [];
    }
    this.#revision += 1;
    // One that could not run has no generation: it is started anew.
    const living = this.#instances.ofPlugin(generation.name).filter((instance) => instance.generation !== undefined);
    const all = [...living, ...this.#instances.sleepingOf(generation.name)];
    const checked = all.map((instance) => ({ instance, problems: this.#misfits(generation, instance.config) }));
    const staying = checked
      .filter(({ problems }) => problems.length > 0)
      .map((each) => ({ ...each, ids: this.#rules.idsOf(each.instance.config) }));
    const moves = (instance: SleepingBinding): boolean => !staying.some((other) => other.instance === instance);
    const former = plugin.generation;
    const isSplit = living.some((instance) => instance.generation === former && !moves(instance));
    this.#telemetry.serves(generation.name, codeOf(generation));
    for (const instance of all.filter(moves)) this.fillIn(instance, generation, instance.fields);
    if (isSplit) this.#split(plugin, generation);
    else this.#replace(plugin, generation, living);
    for (const instance of living.filter(moves)) {
      if (isSplit || instance.generation !== former) rehost(instance, plugin.pool);
    }
    for (const instance of all.filter(moves)) instance.generation = generation;
    return staying;
  }

  /** Serves this plugin no more: its bindings end, and what runs finishes. */
  remove(name: string): void {
    const plugin = this.#plugins.get(name);
    if (plugin === undefined) return;
    for (const { id } of [...this.#instances.ofPlugin(name), ...this.#instances.sleepingOf(name)]) this.#instances.close(id);
    this.#plugins.delete(name);
    this.#retire(plugin.generation, plugin.pool);
    this.#revision += 1;
    this.#telemetry.keep([...this.#plugins.keys()]);
  }

  reloadFailed({ name }: Generation, reason: string): void {
    this.#telemetry.plugin(name).reloadFailed(reason);
  }

  /** Has fresh isolates take over with the same code; calls that run finish in the old. */
  renew(plugin: ServedPlugin): void {
    const living = this.#instances.ofPlugin(plugin.generation.name);
    this.#replace(plugin, plugin.generation, living);
  }

  /** The former code goes on beside the new. */
  #split(plugin: ServedPlugin, generation: Generation): void {
    const { generation: former, pool } = plugin;
    plugin.generation = generation;
    plugin.pool = this.#newPool(generation);
    this.#retire(former, pool);
  }

  #replace(plugin: ServedPlugin, generation: Generation, living: readonly Binding[]): void {
    const taken = living.filter((instance) => instance.generation === plugin.generation);
    plugin.generation = generation;
    plugin.pool.replace(
      generation.artifact,
      taken.map(({ id, config }) => ({ id, config })),
    );
  }

  /** Puts in what the gateway, which knows the schema `before`, cannot have sent. */
  fillIn(instance: { config: string }, { metadata }: Generation, before: readonly unknown[]): void {
    instance.config = this.#rules.withNewDefaults(metadata.schema, before, instance.config);
  }

  #misfits({ metadata }: Generation, config: string): readonly ConfigurationProblem[] {
    return this.#rules.misfits(metadata.schema, config);
  }

  /** Whether the gateway would take the configuration with this schema. */
  fits(generation: Generation, config: string): boolean {
    return this.#misfits(generation, config).length === 0;
  }

  /** An instance of former code with this very configuration: a gateway starts all anew when anything changes. */
  likeFormer(name: string, config: string): SleepingBinding | undefined {
    const current = this.#plugins.get(name)?.generation;
    return [...this.#instances.ofPlugin(name), ...this.#instances.sleepingOf(name)].find(
      ({ generation, config: other }) =>
        generation !== undefined &&
        generation !== current &&
        this.#rules.isSame(generation.metadata.schema, other, generation.metadata.schema, config),
    );
  }

  /** Starts an instance with the code that it is for. */
  bind(instance: SleepingBinding & { readonly generation: Generation }): CallHost {
    const { generation, id, config } = instance;
    const plugin = this.#plugins.get(generation.name);
    if (plugin !== undefined) plugin.lastStart = Date.now() / 1000;
    if (plugin?.generation === generation) return plugin.pool.bind({ id, config });
    const known = this.#former.get(generation);
    if (known !== undefined) return known.bind({ id, config });
    const pool = this.#newPool(generation, undefined, true);
    const host = pool.bind({ id, config });
    this.#retire(generation, pool);
    return host;
  }

  /** Ends every isolate; with `now`, without waiting for the handlers that run in it. */
  async close(now: boolean): Promise<void> {
    const pools = [...this.#former.values(), ...this.list().map(({ pool }) => pool)];
    await Promise.all(pools.map((pool) => pool.close(now)));
  }

  #newPool(
    generation: Generation,
    telemetry: PluginTelemetry = this.#telemetry.plugin(generation.name),
    isFormer = false,
  ): BindingPool {
    return this.#createPool(generation, this.#listenerFor(generation), telemetry, isFormer);
  }

  #retire(generation: Generation, pool: BindingPool): void {
    this.#former.set(generation, pool);
    const forget = (): void => void this.#former.delete(generation);
    pool.retire().then(forget, forget);
  }
}

const codeOf = ({ metadata, loaded }: Generation): ServedCode => ({
  version: metadata.version,
  functions: metadata.functions,
  loaded,
});

function rehost(instance: Binding, pool: BindingPool): void {
  const { id, config, host } = instance;
  instance.host = pool.bind({ id, config });
  host.unbind(id);
}
