// Owns a server over a directory of plugins that change: what they say, and how often the server says it reloaded them.
import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import {
  createTempDir,
  runPhase,
  type RunningServer,
  startInstance,
  startServer,
  type TempDir,
  WireClient,
} from "../support/index.js";

export interface PluginOptions {
  readonly name?: string;
  readonly schema?: string;
  readonly priority?: number;
  /** Statements before the module's plugin. */
  readonly imports?: string;
}

/** A plugin whose one call says `text`; `imports` may declare a `text` to use instead. */
export function pluginSaying(text: string | undefined, options: PluginOptions = {}): string {
  const { name, schema = "[]", priority, imports = "" } = options;
  return `import { definePlugin } from "pluginserver/pdk";
${imports}
export default definePlugin({
  ${name === undefined ? "" : `name: ${JSON.stringify(name)},`}
  ${priority === undefined ? "" : `priority: ${priority},`}
  version: "1.0.0",
  schema: ${schema},
  async access(kong) {
    await kong.response.setHeader("x-says", ${text === undefined ? "text" : JSON.stringify(text)});
  },
});
`;
}

export class ReloadServer {
  readonly plugins: TempDir;
  readonly #server: RunningServer;
  readonly client: WireClient;

  private constructor(plugins: TempDir, server: RunningServer, client: WireClient) {
    this.plugins = plugins;
    this.#server = server;
    this.client = client;
  }

  /** `directory`: what the server is told to serve, where that is not the temporary directory itself. */
  static async start(plugins: TempDir, flags: readonly string[] = [], directory = plugins.path): Promise<ReloadServer> {
    const server = await startServer({ plugins: directory, flags });
    return new ReloadServer(plugins, server, await WireClient.connect(server.socketPath));
  }

  get pid(): number {
    return this.#server.pid;
  }

  get socketPath(): string {
    return this.#server.socketPath;
  }

  kill(signal: NodeJS.Signals): void {
    this.#server.kill(signal);
  }

  startInstance(plugin: string, config: unknown = {}): Promise<number> {
    return startInstance(this.client, plugin, config);
  }

  /** What the plugin of an instance says. */
  async says(instanceId: number): Promise<unknown> {
    const run = await runPhase(this.client, instanceId, "access");
    return run.calls[0]?.args[1];
  }

  /** Every line printed so far that matches. */
  lines(pattern: RegExp): string[] {
    return this.#server.lines.filter((line) => pattern.test(line));
  }

  waitFor(pattern: RegExp): Promise<string> {
    return this.#server.waitForLine(pattern);
  }

  reloads(name: string): number {
    return this.lines(new RegExp(`plugin ${name} was reloaded`)).length;
  }

  /** Resolves when all that changed by now has been looked at and told: what is broken now is broken for long. */
  async settled(): Promise<void> {
    const name = `marker-${randomUUID().slice(0, 8)}`;
    // A problem is told half a second after it was first seen, and so after all that was seen before it.
    this.plugins.write(`${name}.cjs`, "module.exports = {{");
    await this.waitFor(new RegExp(`plugin ${name} is not served`));
  }

  /** The plugins say this now, after one reload each and with no word of anything else. */
  async expectOneReload(ids: Readonly<Record<string, number>>, text: string): Promise<void> {
    for (const name of Object.keys(ids)) await this.waitFor(new RegExp(`plugin ${name} was reloaded`));
    for (const id of Object.values(ids)) expect(await this.says(id)).toBe(text);
    await this.settled();
    for (const name of Object.keys(ids)) expect([name, this.reloads(name)]).toEqual([name, 1]);
    expect(this.lines(/is not reloaded|is gone|is new|cannot be read/)).toEqual([]);
  }

  async close(): Promise<unknown> {
    await this.client.close();
    const exit = await this.#server.close();
    this.plugins.remove();
    return exit;
  }
}

export { createTempDir, type TempDir };
