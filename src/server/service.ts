// Answers the RPC methods out of the server's tables.
import { type InstanceStatus, noInstance, type PluginInfo, type PluginService, RpcError } from "../rpc/index.js";
import type { PhaseHost, PhaseHostListener } from "../channel/index.js";
import { type Instance, type InstanceTable, pluginInfo, type PluginRegistry } from "../plugins/index.js";
import { FailedHost } from "../runtime/index.js";
import type { ServedPlugins } from "./served-plugins.js";

export interface ServiceOptions {
  readonly plugins: ServedPlugins;
  readonly instances: InstanceTable;
  readonly listenerFor: (plugin: string) => PhaseHostListener;
  /** Resolves with the registry once the plugins are loaded: calls that come earlier wait. */
  readonly loaded: () => Promise<PluginRegistry>;
  readonly loadDirectory: (directory: string) => Promise<void>;
}

export class ServerService implements PluginService {
  readonly #options: ServiceOptions;

  constructor(options: ServiceOptions) {
    this.#options = options;
  }

  async setPluginDir(directory: string): Promise<void> {
    await this.#options.loaded();
    await this.#options.loadDirectory(directory);
  }

  async status(): Promise<unknown> {
    await this.#options.loaded();
    const plugins = this.#options.plugins.list().map(({ generation, lastStart, lastClose }) => {
      const { name, modified, loaded } = generation;
      const instances = this.#options.instances.ofPlugin(name).map(statusOf);
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

  async pluginInfo(name: string): Promise<PluginInfo> {
    const registry = await this.#options.loaded();
    const generation = registry.get(name);
    if (generation === undefined) throw new RpcError("RPC_NO_PLUGIN", unavailable(registry, name));
    return pluginInfo(generation);
  }

  async startInstance(name: string, config: string): Promise<InstanceStatus> {
    const registry = await this.#options.loaded();
    const id = this.#options.instances.nextId();
    const host = this.#options.plugins.startInstance(name, id, config);
    const instance = this.#options.instances.add({
      id,
      plugin: name,
      config,
      host: host ?? this.#failed(name, unavailable(registry, name)),
      started: Math.floor(Date.now() / 1000),
    });
    if (host === undefined) instance.host.startInstance({ id, config });
    return statusOf(instance);
  }

  instanceStatus(id: number): InstanceStatus {
    const instance = this.#options.instances.get(id);
    if (instance === undefined) throw noInstance(id);
    return statusOf(instance);
  }

  closeInstance(id: number): InstanceStatus {
    const instance = this.#options.instances.close(id);
    if (instance === undefined) throw noInstance(id);
    const plugin = this.#options.plugins.get(instance.plugin);
    if (plugin !== undefined) plugin.lastClose = Date.now() / 1000;
    return statusOf(instance);
  }

  hostOf(instanceId: number): PhaseHost | undefined {
    return this.#options.instances.use(instanceId)?.host;
  }

  #failed(plugin: string, reason: string): PhaseHost {
    return new FailedHost({ name: "RpcError", message: reason, stack: reason }, this.#options.listenerFor(plugin));
  }
}

function unavailable(registry: PluginRegistry, name: string): string {
  const problem = registry.problem(name);
  return problem === undefined
    ? `there is no plugin ${name} in the plugins directory`
    : `plugin ${name} is not served: ${problem.reason}`;
}

function statusOf({ id, plugin, config, started, error }: Instance): InstanceStatus {
  const status = { Name: plugin, Id: id, Config: parse(config), StartTime: started };
  return error === undefined ? status : { ...status, Error: error };
}

function parse(config: string): unknown {
  try {
    return JSON.parse(config);
  } catch {
    return null;
  }
}
