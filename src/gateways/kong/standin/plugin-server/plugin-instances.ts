// The instances the plugin server has started for this gateway: one per plugin configuration, started at first use.

import { messageOf } from "../../../../core/model/index.js";
import type { PluginEntity } from "../../pdk-functions/index.js";
import { GatewayError } from "../errors.js";
import type { PluginServerClient } from "./plugin-server-client.js";

interface Instance {
  readonly pluginName: string;
  /** Changes whenever the configuration was loaded anew. */
  readonly sequence: number;
  readonly id: Promise<number>;
}

export class PluginInstances {
  readonly #client: Pick<PluginServerClient, "call">;
  readonly #byPluginId = new Map<string, Instance>();

  constructor(client: Pick<PluginServerClient, "call">) {
    this.#client = client;
  }

  /** The instance of a configuration; several events that need a new one share the start. */
  idFor(plugin: PluginEntity): Promise<number> {
    const known = this.#byPluginId.get(plugin.id);
    if (known?.sequence === plugin.sequence) return known.id;
    const instance: Instance = {
      pluginName: plugin.name,
      sequence: plugin.sequence,
      id: this.#replace(plugin, known),
    };
    this.#byPluginId.set(plugin.id, instance);
    instance.id.catch(() => {
      // Another event may succeed.
      if (this.#byPluginId.get(plugin.id) === instance) this.#byPluginId.delete(plugin.id);
    });
    return instance.id;
  }

  /** After "no plugin instance": Kong forgets every instance of that plugin, not only the one that was missing. */
  forgetPlugin(pluginName: string): void {
    for (const [pluginId, instance] of this.#byPluginId) {
      if (instance.pluginName === pluginName) this.#byPluginId.delete(pluginId);
    }
  }

  /** Another server process knows none of our instances. */
  forgetAll(): void {
    this.#byPluginId.clear();
  }

  async #replace(plugin: PluginEntity, old: Instance | undefined): Promise<number> {
    const id = await this.#start(plugin);
    if (old !== undefined) await this.#closeQuietly(old);
    return id;
  }

  async #start(plugin: PluginEntity): Promise<number> {
    let status: unknown;
    try {
      status = await this.#client.call("plugin.StartInstance", { Name: plugin.name, Config: plugin.configText });
    } catch (error) {
      throw new GatewayError("GATEWAY_START_INSTANCE", `starting instance of ${plugin.name}: ${messageOf(error)}`, error);
    }
    if (typeof status === "object" && status !== null && "Id" in status && typeof status.Id === "number") return status.Id;
    throw new GatewayError("GATEWAY_START_INSTANCE", `starting instance of ${plugin.name}: the answer has no Id`);
  }

  async #closeQuietly(old: Instance): Promise<void> {
    try {
      await this.#client.call("plugin.CloseInstance", await old.id);
    } catch {
      // The server may have forgotten it long ago.
    }
  }
}
