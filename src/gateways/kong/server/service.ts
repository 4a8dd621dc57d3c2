// Answers the RPC methods out of the server's tables.
import {
  type EventRunner,
  type InstanceStatus,
  noInstance,
  type PluginInfo,
  type PluginService,
  RpcError,
} from "../rpc/index.js";
import { cutText } from "../../../core/model/index.js";
import type { CallHostListener } from "../../../core/channel/index.js";
import type { Protocol } from "../msgpack/index.js";
import type { Binding, BindingTable, PluginRegistry, SleepingBinding } from "../../../core/plugins/index.js";
import { pluginInfo } from "./plugin-info.js";
import { FailedHost } from "../../../core/worker/index.js";
import { checkConfig, isDeeperThan, redactConfig } from "../schema/index.js";
import type { ServedPlugins } from "../../../core/server/index.js";
import type { SharedInstance, Siblings } from "./siblings.js";

export interface ServiceOptions {
  readonly plugins: ServedPlugins;
  readonly instances: BindingTable;
  /** Milliseconds that one run of a phase may take, where its plugin says nothing else. */
  readonly eventTimeout: number;
  readonly withoutDeadline: string | undefined;
  /** What becomes of a request whose event failed, where its plugin says nothing else. */
  readonly onError: "exit" | "continue";
  readonly listenerFor: (plugin: string) => CallHostListener;
  /** Resolves with the registry once the plugins are loaded: calls that come earlier wait. */
  readonly loaded: () => Promise<PluginRegistry>;
  readonly loadDirectory: (directory: string) => Promise<void>;
  readonly siblings: Siblings | undefined;
}

/** One that runs in this server or, as far as it is told, in another of the same path. */
type DescribedInstance = SleepingBinding & { readonly error?: string | undefined };

/** Levels of a configuration that a status shows: more of them fit into no message of ProtoBuf:1. */
const SHOWN_NESTING = 24;

/** In milliseconds. The gateway gives up after one minute. */
const A_DAY = 86_400_000;

/** Characters: names of the configuration's own keys are in it. */
const MAX_REASON = 8192;

export class ServerService implements PluginService {
  readonly #options: ServiceOptions;
  /** As it was when an instance was last started: for what is said of plugins that are not there. */
  #registry: PluginRegistry | undefined;

  constructor(options: ServiceOptions) {
    this.#options = options;
    options.siblings?.attach(options.instances);
  }

  /** Plugins are there: instances that others know can be started. */
  begin(registry: PluginRegistry): void {
    this.#registry = registry;
  }

  async setPluginDir(directory: string): Promise<void> {
    await this.#options.loaded();
    await this.#options.loadDirectory(directory);
  }

  async status(): Promise<unknown> {
    await this.#options.loaded();
    const plugins = this.#options.plugins.list().map(({ generation, lastStart, lastClose }) => {
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
    const { instances, siblings } = this.#options;
    const elsewhere = siblings?.list().filter((shared) => shared.plugin === plugin && instances.get(shared.id) === undefined);
    return [...instances.ofPlugin(plugin), ...(elsewhere ?? []).map((shared) => this.#described(shared))];
  }

  async pluginInfo(name: string): Promise<PluginInfo> {
    const registry = await this.#options.loaded();
    const generation = registry.get(name);
    if (generation === undefined) throw new RpcError("RPC_NO_PLUGIN", unavailable(registry, name));
    return pluginInfo(generation);
  }

  async pluginNames(): Promise<readonly string[]> {
    return (await this.#options.loaded()).list().map(({ name }) => name);
  }

  async startInstance(name: string, config: string, protocol: Protocol): Promise<InstanceStatus> {
    const registry = await this.#options.loaded();
    const { instances, plugins, siblings } = this.#options;
    const id = instances.nextId();
    const started = Math.floor(Date.now() / 1000);
    this.#registry = registry;
    const served = plugins.get(name);
    const former = plugins.likeFormer(name, config);
    const generation = former?.generation ?? served?.generation;
    const fresh = { id, plugin: name, config, started, generation, fields: generation?.metadata.fields ?? [] };
    if (generation !== undefined && generation === served?.generation) plugins.fillIn(fresh, generation, served.announced);
    const instance = this.#start(fresh, registry);
    siblings?.announce({ id, plugin: name, config, started, comesBack: protocol === "ProtoBuf:1" });
    return this.#statusOf(instance);
  }

  #start(given: SleepingBinding, registry: PluginRegistry): Binding {
    const { instances, plugins, listenerFor } = this.#options;
    const { id, plugin: name, config } = given;
    const current = plugins.get(name)?.generation;
    const isFormer = given.generation !== undefined && given.generation !== current;
    const generation = isFormer && (current === undefined || !plugins.fits(current, config)) ? given.generation : current;
    const reason = generation === current ? this.#misfit(registry, name, config) : undefined;
    if (generation !== undefined && reason === undefined) {
      const host = plugins.bind({ ...given, generation });
      return instances.add({ ...given, generation, host });
    }
    const why = reason ?? unavailable(registry, name);
    const host = new FailedHost({ name: "RpcError", message: why, stack: why }, listenerFor(name));
    const instance = instances.add({ ...given, generation: undefined, host });
    // Tells, now that the table knows the instance, why it cannot run.
    host.bind({ id, config });
    return instance;
  }

  #wake(id: number): Binding | undefined {
    const sleeping = this.#options.instances.wake(id);
    if (sleeping === undefined || this.#registry === undefined) return undefined;
    return this.#start(sleeping, this.#registry);
  }

  /** One that was started at another server of this path. */
  #adopt(id: number): Binding | undefined {
    const shared = this.#sharedBy(id);
    if (shared === undefined || this.#registry === undefined) return undefined;
    return this.#start(shared, this.#registry);
  }

  #sharedBy(id: number): SleepingBinding | undefined {
    const shared = this.#options.siblings?.find(id);
    return shared === undefined ? undefined : this.#described(shared);
  }

  #described({ id, plugin, config, started }: SharedInstance): SleepingBinding {
    const generation = this.#options.plugins.get(plugin)?.generation;
    return { id, plugin, config, started, generation, fields: generation?.metadata.fields ?? [] };
  }

  instanceStatus(id: number): InstanceStatus {
    const instance = this.#options.instances.get(id) ?? this.#sharedBy(id);
    if (instance === undefined) throw noInstance(id);
    return this.#statusOf(instance);
  }

  closeInstance(id: number): InstanceStatus {
    const shared = this.#sharedBy(id);
    const instance = this.#options.instances.close(id) ?? shared;
    if (instance === undefined) throw noInstance(id);
    this.#options.siblings?.close(id);
    const plugin = this.#options.plugins.get(instance.plugin);
    if (plugin !== undefined) plugin.lastClose = Date.now() / 1000;
    return this.#statusOf(instance);
  }

  runnerOf(instanceId: number): EventRunner | undefined {
    const instance = this.#options.instances.use(instanceId) ?? this.#wake(instanceId) ?? this.#adopt(instanceId);
    if (instance === undefined) return undefined;
    const { host, plugin, generation } = instance;
    const { eventTimeout, withoutDeadline, onError } = this.#options;
    const metadata = generation?.metadata ?? this.#options.plugins.get(plugin)?.generation.metadata;
    const limit = metadata?.timeout === undefined ? eventTimeout : metadata.timeout * 1000;
    const timeout = plugin === withoutDeadline ? A_DAY : limit;
    return { host, plugin, timeout, onError: metadata?.onError ?? onError };
  }

  /** Why an instance with this configuration cannot run, where it cannot. */
  #misfit(registry: PluginRegistry, name: string, config: string): string | undefined {
    const generation = this.#options.plugins.get(name)?.generation;
    if (generation === undefined) return unavailable(registry, name);
    const value = parse(config);
    if (value === undefined) return `the configuration of plugin ${name} is no JSON`;
    const problems = checkConfig(generation.metadata.fields, value);
    return problems.length === 0
      ? undefined
      : cutText(
          `the configuration does not fit the schema of plugin ${name}: ${problems.map(({ path, reason }) => `${path} ${reason}`).join("; ")}`,
          MAX_REASON,
        );
  }

  /** Secrets of a configuration are nobody's business: the gateway has it, and asks for none of it. */
  #statusOf({ id, plugin, config, started, fields, generation, error }: DescribedInstance): InstanceStatus {
    const value = parse(config) ?? null;
    const shown = isDeeperThan(SHOWN_NESTING, value) ? null : redactConfig(fields, value);
    // What became a secret since is one.
    const both = generation === undefined ? shown : redactConfig(generation.metadata.fields, shown);
    const status = { Name: plugin, Id: id, Config: both, StartTime: started };
    return error === undefined ? status : { ...status, Error: error };
  }
}

function unavailable(registry: PluginRegistry, name: string): string {
  const problem = registry.problem(name);
  return problem === undefined
    ? `there is no plugin ${name} in the plugins directory`
    : `plugin ${name} is not served: ${problem.reason}`;
}

function parse(config: string): unknown {
  try {
    return JSON.parse(config) as unknown;
  } catch {
    return undefined;
  }
}
