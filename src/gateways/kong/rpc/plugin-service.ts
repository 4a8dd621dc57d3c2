// What the RPC layer asks of the server: the tables behind the `plugin.*` methods.
import type { Protocol } from "../msgpack/index.js";
import type { CallRunner } from "../../../core/server/index.js";

/** A plugin as a gateway registers it. Spelling and shape are the gateway's own. */
export interface PluginInfo {
  readonly Name: string;
  readonly Version: string;
  readonly Priority: number;
  readonly Phases: readonly string[];
  readonly Schema: { readonly name: string; readonly fields: readonly unknown[] };
  /** Unix time in seconds. */
  readonly ModTime: number;
  readonly LoadTime: number;
}

export interface InstanceStatus {
  readonly Name: string;
  readonly Id: number;
  readonly Config: unknown;
  /** Unix time in seconds. */
  readonly StartTime: number;
  /** Why every event of this instance fails; absent where it can run. */
  readonly Error?: string;
}

/** Answers to the methods. What throws becomes the call's error text. */
export interface PluginService {
  setPluginDir(directory: string): Promise<void>;
  status(): Promise<unknown>;
  pluginInfo(name: string): Promise<PluginInfo>;
  /** Of all plugins that are served. */
  pluginNames(): Promise<readonly string[]>;
  /**
   * Always gives an id: 2.4 to 3.0 gateways loop or hang on an error here. A gateway that speaks ProtoBuf:1 cannot be told
   * that an instance has gone: what is unused for long has to come back by itself.
   */
  startInstance(name: string, config: string, protocol: Protocol): Promise<InstanceStatus>;
  instanceStatus(id: number): InstanceStatus;
  closeInstance(id: number): InstanceStatus;
  /** What runs an instance's events, or undefined where there is no such instance. */
  runnerOf(instanceId: number): CallRunner | undefined;
}
