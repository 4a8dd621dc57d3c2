// A service that answers out of a script, and records what it was asked.
import type { CallRunner } from "../../../../../src/core/server/index.js";
import {
  type InstanceStatus,
  noInstance,
  type PluginInfo,
  type PluginService,
  RpcError,
} from "../../../../../src/gateways/kong/rpc/index.js";
import { ScriptedHost } from "./scripted-host.js";

export const FIRST_INSTANCE = 11;

/** A service of one plugin, `hello`, and one instance of it. */
export class ScriptedService implements PluginService {
  readonly asked: unknown[][] = [];
  readonly host = new ScriptedHost();
  onPluginInfo: () => Promise<void> = () => Promise.resolve();

  setPluginDir(directory: string): Promise<void> {
    this.asked.push(["setPluginDir", directory]);
    return Promise.resolve();
  }

  status(): Promise<unknown> {
    this.asked.push(["status"]);
    return Promise.resolve({ Pid: 1, Plugins: {} });
  }

  pluginNames(): Promise<readonly string[]> {
    return Promise.resolve(["hello"]);
  }

  async pluginInfo(name: string): Promise<PluginInfo> {
    this.asked.push(["pluginInfo", name]);
    await this.onPluginInfo();
    if (name !== "hello") throw new RpcError("RPC_NO_PLUGIN", `there is no plugin ${name}`);
    return {
      Name: name,
      Version: "1.0.0",
      Priority: 1,
      Phases: ["access"],
      Schema: { name, fields: [] },
      ModTime: 1,
      LoadTime: 2,
    };
  }

  startInstance(name: string, config: string): Promise<InstanceStatus> {
    this.asked.push(["startInstance", name, config]);
    return Promise.resolve({ Name: name, Id: FIRST_INSTANCE, Config: JSON.parse(config) as unknown, StartTime: 3 });
  }

  instanceStatus(id: number): InstanceStatus {
    if (id !== FIRST_INSTANCE) throw noInstance(id);
    return { Name: "hello", Id: id, Config: {}, StartTime: 3 };
  }

  closeInstance(id: number): InstanceStatus {
    return this.instanceStatus(id);
  }

  runnerOf(instanceId: number): CallRunner | undefined {
    return instanceId === FIRST_INSTANCE ? { host: this.host, plugin: "hello", timeout: 60_000, onError: "exit" } : undefined;
  }
}
