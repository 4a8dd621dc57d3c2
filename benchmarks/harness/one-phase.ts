// Runs single phases as a gateway of ProtoBuf:1 does, for what is measured once and not under load.
import { ProtobufClient } from "../../src/gateways/kong/standin/protobuf/protobuf-client.js";

/** Milliseconds: a server of 2,000 plugins answers late. */
const TIMEOUT = 120_000;

export class OnePhase {
  readonly #client: ProtobufClient;

  constructor(socketPath: string) {
    this.#client = new ProtobufClient({ socketPath, timeoutMs: TIMEOUT });
  }

  async startInstance(plugin: string): Promise<number> {
    const status = (await this.#client.call("plugin.StartInstance", { Name: plugin, Config: "{}" })) as { readonly Id: number };
    return status.Id;
  }

  /** The arguments of the calls that the plugin made, and how long it took in milliseconds. */
  async run(instanceId: number): Promise<{ readonly calls: readonly unknown[][]; readonly time: number }> {
    const calls: unknown[][] = [];
    const started = performance.now();
    await this.#client.handleEvent(instanceId, "access", (method, args) => {
      calls.push(args);
      return Promise.resolve({ kind: "step", data: method === "kong.request.get_header" ? "example.com" : undefined });
    });
    return { calls, time: performance.now() - started };
  }

  close(): void {
    this.#client.close();
  }
}
