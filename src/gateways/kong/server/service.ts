// Answers the RPC methods out of the server's tables.
import {
  type GatewayEvent,
  type InstanceStatus,
  noInstance,
  type PluginInfo,
  type PluginService,
  RpcError,
} from "../rpc/index.js";
import type { SleepingBinding } from "../../../core/plugins/index.js";
import type { CallRunner, Engine, ServedPlugins } from "../../../core/server/index.js";
import type { Protocol } from "../msgpack/index.js";
import { kongConfigurations } from "./configuration-rules.js";
import { pluginInfo } from "./plugin-info.js";
import type { AskedInstance, KeptInstances } from "./kept-instances.js";
import type { Siblings } from "./takeover/siblings.js";

export interface ServiceOptions {
  readonly engine: Engine<GatewayEvent>;
  readonly siblings: Siblings | undefined;
  readonly kept: KeptInstances;
}

/** One that runs in this server or, as far as it is told, in another of the same path. */
type DescribedInstance = SleepingBinding & { readonly error?: string | undefined };

export class ServerService implements PluginService {
  readonly #options: ServiceOptions;

  constructor(options: ServiceOptions) {
    this.#options = options;
    options.siblings?.attach(options.engine.bindings);
  }

  async setPluginDir(directory: string): Promise<void> {
    await this.#options.engine.changeDirectory(directory);
  }

  async status(): Promise<unknown> {
    await this.#options.engine.registry();
    const plugins = this.#options.engine.plugins.list().map(({ generation, lastStart, lastClose }) => {
      const { name, modified, loaded } = generation;
      const instances = this.#instancesOf(name).map((instance) => this.#statusOf(instance));
      return [
        name,
        {
          Name: name,
          Modtime: Math.floor(modified),
          LoadTime: Math.floor(loaded),
          Instances: instances,
          LastStartInstance: Math.floor(lastStart),
          LastCloseInstance: Math.floor(lastClose),
        },
      ] as const;
    });
    return { Pid: process.pid, Plugins: Object.fromEntries(plugins) };
  }

  #instancesOf(plugin: string): DescribedInstance[] {
    const { engine, siblings } = this.#options;
    const { bindings } = engine;
    const elsewhere = siblings?.list().filter((shared) => shared.plugin === plugin && bindings.get(shared.id) === undefined);
    return [...bindings.ofPlugin(plugin), ...(elsewhere ?? []).map((shared) => this.#described(shared))];
  }

  async pluginInfo(name: string): Promise<PluginInfo> {
    const registry = await this.#options.engine.registry();
    const generation = registry.get(name);
    if (generation === undefined) throw new RpcError("RPC_NO_PLUGIN", registry.unavailable(name));
    return pluginInfo(generation);
  }

  async pluginNames(): Promise<readonly string[]> {
    return (await this.#options.engine.registry()).list().map(({ name }) => name);
  }

  async startInstance(name: string, config: string, protocol: Protocol): Promise<InstanceStatus> {
    const { engine, siblings, kept } = this.#options;
    const instance = await engine.bind(name, config);
    const { id, started } = instance;
    const comesBack = protocol === "ProtoBuf:1";
    siblings?.announce({ id, plugin: name, config, started, comesBack });
    if (comesBack) kept.keep({ id, plugin: name, config, started });
    return this.#statusOf(instance);
  }

  instanceStatus(id: number): InstanceStatus {
    const { engine, siblings } = this.#options;
    const shared = siblings?.find(id);
    const instance = engine.bindings.get(id) ?? (shared === undefined ? undefined : this.#described(shared));
    if (instance === undefined) throw noInstance(id);
    return this.#statusOf(instance);
  }

  #described(shared: AskedInstance): SleepingBinding {
    return describedBinding(shared, this.#options.engine.plugins);
  }

  closeInstance(id: number): InstanceStatus {
    const { engine, siblings, kept } = this.#options;
    const instance = engine.unbind(id);
    if (instance === undefined) throw noInstance(id);
    siblings?.close(id);
    kept.forget(id);
    return this.#statusOf(instance);
  }

  runnerOf(instanceId: number): CallRunner | undefined {
    return this.#options.engine.runnerOf(instanceId);
  }

  /** Secrets of a configuration are nobody's business: the gateway has it, and asks for none of it. */
  #statusOf({ id, plugin, config, started, fields, generation, error }: DescribedInstance): InstanceStatus {
    // What became a secret since is one.
    const schemas = generation === undefined ? [fields] : [fields, generation.metadata.schema];
    const status = { Name: plugin, Id: id, Config: kongConfigurations.shown(schemas, config), StartTime: started };
    return error === undefined ? status : { ...status, Error: error };
  }
}

/** An instance of another server as one of this: it is started here with the code that is served now. */
export function describedBinding({ id, plugin, config, started }: AskedInstance, plugins: ServedPlugins): SleepingBinding {
  const generation = plugins.get(plugin)?.generation;
  return { id, plugin, config, started, generation, fields: generation?.metadata.schema ?? [] };
}
