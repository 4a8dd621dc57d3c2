// Owns a server over a directory of plugins with a socket for each, and the clients that a test connects to these.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type RunningServer, startServer } from "./start-server.js";
import { createTempDir, type TempDir } from "./temp-dir.js";
import { WireClient } from "./wire-client.js";

export class PluginSockets {
  readonly plugins: string;
  readonly sockets: string;
  readonly #temp: TempDir;
  readonly #clients: WireClient[] = [];
  #server: RunningServer | undefined;

  constructor(label: string) {
    this.#temp = createTempDir(label);
    this.plugins = join(this.path, "plugins");
    this.sockets = join(this.path, "sockets");
    mkdirSync(this.plugins);
    mkdirSync(this.sockets);
  }

  /** What both directories are in. */
  get path(): string {
    return this.#temp.path;
  }

  get server(): RunningServer {
    if (this.#server === undefined) throw new Error("the server was not started");
    return this.#server;
  }

  socketOf(plugin: string): string {
    return join(this.sockets, `${plugin}.socket`);
  }

  async start(flags: readonly string[] = []): Promise<void> {
    this.#server = await startServer({ plugins: this.plugins, flags: ["-plugin-sockets", this.sockets, ...flags] });
  }

  async connect(plugin: string): Promise<WireClient> {
    const client = await WireClient.connect(this.socketOf(plugin));
    this.#clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.#server?.close();
    this.#temp.remove();
  }
}
