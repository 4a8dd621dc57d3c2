// Binds plugins to the `config_data` of the APIs that call them: one binding for each text, made with the first call.
import type { Call } from "../../../core/calls/index.js";
import type { CallRunner, Engine } from "../../../core/server/index.js";

export interface BoundHook {
  readonly bindingId: number;
  readonly runner: CallRunner;
}

/** Texts of configurations that are remembered. The bindings themselves go by the core's own limits. */
const MAX_KNOWN = 10_000;

export class HookBindings<C extends Call> {
  readonly #engine: Engine<C>;
  /** By plugin, then by configuration: two short ways are quicker than one text made of both. */
  readonly #ids = new Map<string, Map<string, number | Promise<number>>>();
  #size = 0;

  constructor(engine: Engine<C>) {
    this.#engine = engine;
  }

  /** What runs a plugin with this configuration: at once, where it did before. */
  bound(plugin: string, config: string): BoundHook | Promise<BoundHook> {
    const known = this.#ids.get(plugin)?.get(config);
    if (typeof known === "number") {
      const runner = this.#engine.runnerOf(known);
      if (runner !== undefined) return { bindingId: known, runner };
    }
    return this.#bind(plugin, config, typeof known === "number" ? undefined : known);
  }

  async #bind(plugin: string, config: string, pending: Promise<number> | undefined): Promise<BoundHook> {
    const id = pending ?? this.#start(plugin, config);
    const bindingId = await id;
    const runner = this.#engine.runnerOf(bindingId);
    if (runner === undefined) throw new Error(`plugin ${plugin} is not bound any more`);
    return { bindingId, runner };
  }

  #start(plugin: string, config: string): Promise<number> {
    if (this.#size >= MAX_KNOWN) {
      this.#ids.clear();
      this.#size = 0;
    }
    const byConfig = this.#ids.get(plugin) ?? new Map<string, number | Promise<number>>();
    this.#ids.set(plugin, byConfig);
    if (!byConfig.has(config)) this.#size += 1;
    const started = this.#engine.bind(plugin, config).then(({ id }) => {
      byConfig.set(config, id);
      return id;
    });
    started.catch(() => byConfig.delete(config));
    byConfig.set(config, started);
    return started;
  }
}
