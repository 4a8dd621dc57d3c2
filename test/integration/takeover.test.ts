// Owns checking that a gateway's reload, which starts the new server while the old one runs, loses no event and mixes none up.
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { expect, it } from "vitest";
import { startEchoUpstream, startGateway } from "../../src/gateways/kong/standin/index.js";
import { createTempDir, runCli, runPhase, type RunningServer, startInstance, startServer, WireClient } from "../support/index.js";

const PLUGIN = `module.exports = { Plugin: class {
  constructor(config) { this.label = config.label; }
  async access(kong) { await kong.request.getMethod(); await kong.response.setHeader("x-label", this.label); }
}, Schema: [{ label: { type: "string" } }], Version: "1.0.0" };`;

/** A gateway worker: one connection, one configuration; it starts its instance again when it is told to. */
async function worker(socketPath: string, label: string, until: () => boolean): Promise<{ done: number; wrong: string[] }> {
  const client = await WireClient.connect(socketPath);
  const result = { done: 0, wrong: [] as string[] };
  let id = await startInstance(client, "labels", { label });
  while (!until()) {
    try {
      const run = await runPhase(client, id, "access", { answer: () => "GET" });
      const said = run.calls.at(-1)?.args[1];
      if (run.end !== "ret" || said !== label) result.wrong.push(`${run.end}: ${String(said)} instead of ${label}`);
      result.done += 1;
    } catch (error) {
      if (!String(error).includes("No plugin instance")) throw error;
      id = await startInstance(client, "labels", { label });
    }
  }
  await client.close();
  return result;
}

it(
  "restarts under load, the socket taken over: every event is answered, by its own configuration",
  { timeout: 60_000 },
  async () => {
    const plugins = createTempDir("to");
    plugins.write("labels.cjs", PLUGIN);
    const prefix = createTempDir("tp");
    const begin = (): Promise<RunningServer> => startServer({ plugins: plugins.path, prefix: prefix.path, flags: ["-no-watch"] });
    let server = await begin();
    let over = false;
    const results: Promise<{ done: number; wrong: string[] }>[] = [];
    for (let round = 0; round < 4; round += 1) {
      let retired = false;
      // The workers of this generation of the gateway; they leave when the next one has taken over.
      for (let i = 0; i < 3; i += 1) results.push(worker(server.socketPath, `round ${round} worker ${i}`, () => retired || over));
      const next = await begin();
      await next.waitForLine(/is listening on/);
      process.kill(server.pid, "SIGTERM");
      await server.waitForLine(/got SIGTERM/);
      const busy = Promise.all(results);
      await Promise.race([busy, new Promise((resolve) => setTimeout(resolve, 300))]);
      retired = true;
      expect(await server.exited).toEqual({ code: 0, signal: null });
      server = next;
    }
    over = true;
    const all = await Promise.all(results);
    expect(all.flatMap(({ wrong }) => wrong)).toEqual([]);
    for (const { done } of all) expect(done).toBeGreaterThan(0);
    expect(await server.close()).toEqual({ code: 0, signal: null });
  },
);

it("a step that comes to the successor is answered by the server whose event it is, and by a logged refusal when that has gone", async () => {
  const plugins = createTempDir("tr");
  plugins.write("labels.cjs", PLUGIN);
  const prefix = createTempDir("ts");
  const begin = (): Promise<RunningServer> => startServer({ plugins: plugins.path, prefix: prefix.path, flags: ["-no-watch"] });
  const old = await begin();
  const former = await WireClient.connect(old.socketPath);
  const id = await startInstance(former, "labels", { label: "of the old one" });
  const start = async (): Promise<number> =>
    ((await former.call("plugin.HandleEvent", { InstanceId: id, EventName: "access" })) as { EventId: number }).EventId;
  const [kept, lost] = [await start(), await start()];
  const next = await begin();
  await next.waitForLine(/is listening on/);
  const fresh = await WireClient.connect(next.socketPath);
  expect(await fresh.call("plugin.Step", { EventId: kept, Data: "GET" })).toMatchObject({
    Data: { Method: "kong.response.set_header", Args: ["x-label", "of the old one"] },
  });
  expect(await fresh.call("plugin.Step", { EventId: kept })).toMatchObject({ Data: "ret" });
  await former.close();
  // Else what started it takes its death for one that the next is needed for.
  await old.waitForLine(/another server has taken .* over/);
  process.kill(old.pid, "SIGKILL");
  await old.exited;
  expect(await fresh.call("plugin.Step", { EventId: lost, Data: "GET" })).toMatchObject({
    Data: { Method: "kong.response.exit", Args: [500, expect.anything()] },
  });
  await next.waitForLine(new RegExp(`WARN: a step for event ${lost}, which this server does not have`));
  await expect.poll(() => readdirSync(prefix.path)).not.toContain(`.${basename(next.socketPath)}.former`);
  await fresh.close();
  expect(await next.close()).toEqual({ code: 0, signal: null });
});

it.each<[protocol: "MsgPack:1" | "ProtoBuf:1", signal: NodeJS.Signals, after: number]>([
  ["MsgPack:1", "SIGTERM", 0],
  // A gateway of 2.8 may kill without a word, some time after the reload.
  ["MsgPack:1", "SIGKILL", 1500],
  ["ProtoBuf:1", "SIGTERM", 0],
])(
  "under load over %s, the old server ended by %s after %i ms: no request goes on without its plugin, and none fails",
  { timeout: 60_000 },
  async (protocol, signal, after) => {
    const plugins = createTempDir("tl");
    plugins.write("labels.cjs", PLUGIN);
    const prefix = createTempDir("tm");
    const begin = (): Promise<RunningServer> => startServer({ plugins: plugins.path, prefix: prefix.path, flags: ["-no-watch"] });
    let server = await begin();
    const upstream = await startEchoUpstream();
    const dump = await runCli(["-plugins-dir", plugins.path, "-dump-all-plugins"]);
    const labels = { name: "labels", config: { label: "mine" } };
    const gateway = await startGateway({
      config: {
        _format_version: "3.0",
        services: [{ name: "echo", url: upstream.url, routes: [{ name: "r", paths: ["/"], plugins: [labels] }] }],
      },
      socketPath: server.socketPath,
      pluginInfos: JSON.parse(dump.stdout.toString()) as unknown,
      protocol,
      port: 0,
    });
    const wrong: string[] = [];
    let [done, over] = [0, false];
    const load = Array.from({ length: 8 }, async () => {
      while (!over) {
        const response = await fetch(gateway.url);
        await response.arrayBuffer();
        done += 1;
        if (response.status !== 200 || response.headers.get("x-label") !== "mine")
          wrong.push(`${response.status} ${String(response.headers.get("x-label"))}`);
      }
    });
    for (let round = 0; round < 3; round += 1) {
      const next = await begin();
      await next.waitForLine(/is listening on/);
      await new Promise((resolve) => setTimeout(resolve, after));
      process.kill(server.pid, signal);
      await server.exited;
      server = next;
    }
    over = true;
    await Promise.all(load);
    await gateway.close();
    await upstream.close();
    expect({ wrong, done: done > 100 }).toEqual({ wrong: [], done: true });
    expect(await server.close()).toEqual({ code: 0, signal: null });
  },
);
