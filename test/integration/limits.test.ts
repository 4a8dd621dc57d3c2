// Owns checking what the server refuses when there is too much, that nothing else is disturbed, and that ids never repeat.
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { createTempDir, runPhase, type RunningServer, startInstance, startServer, WireClient } from "../support/index.js";

const PHASES = fileURLToPath(new URL("../fixtures/phases", import.meta.url));

let server: RunningServer;

afterEach(async () => {
  expect(await server.close()).toEqual({ code: 0, signal: null });
});

it("-max-connections refuses one more, and takes it when another has left", async () => {
  server = await startServer({ plugins: PHASES, flags: ["-max-connections", "2"] });
  const take = (): Promise<WireClient | undefined> => WireClient.connect(server.socketPath).catch(() => undefined);
  // The client that waited for the start may not have left yet.
  let taken: WireClient | undefined;
  await expect.poll(async () => (taken = await take())).toBeDefined();
  const first = taken ?? (await WireClient.connect(server.socketPath));
  const second = await WireClient.connect(server.socketPath);
  const third = await WireClient.open(server.socketPath);
  await third.closed;
  await server.waitForLine(/a connection was refused: there are 2 already, see -max-connections/);
  const id = await startInstance(first, "asks");
  expect((await runPhase(second, id, "access")).end).toBe("ret");
  await second.close();
  await expect.poll(async () => (taken = await take())).toBeDefined();
  await taken?.close();
  await first.close();
});

it("-max-events refuses one more in an isolate, and no other plugin notices", async () => {
  const plugins = createTempDir("me");
  const asks = `module.exports = { Plugin: class { async access(kong) { await kong.request.getHeader("x"); } }, Schema: [], Version: "1.0.0" };`;
  plugins.write("crowded.cjs", asks);
  plugins.write("other.cjs", asks);
  server = await startServer({ plugins: plugins.path, flags: ["-max-events", "2"] });
  const client = await WireClient.connect(server.socketPath);
  const begin = async (instance: number): Promise<{ EventId: number; Data: unknown }> =>
    (await client.call("plugin.HandleEvent", { InstanceId: instance, EventName: "access" })) as {
      EventId: number;
      Data: unknown;
    };
  const crowded = await startInstance(client, "crowded");
  const running = [await begin(crowded), await begin(crowded)];
  for (const { Data } of running) expect(Data).toMatchObject({ Method: "kong.request.get_header" });
  const refused = await runPhase(client, crowded, "access");
  expect(refused).toMatchObject({ end: "exit", calls: [{ method: "kong.log.err" }, { args: [500, {}] }] });
  await server.waitForLine(/plugin crowded runs 2 events at once already: see -max-events/);
  expect((await begin(await startInstance(client, "other"))).Data).toMatchObject({ Method: "kong.request.get_header" });
  for (const { EventId } of running)
    expect(await client.call("plugin.Step", { EventId, Data: "v" })).toMatchObject({ Data: "ret" });
  expect((await begin(crowded)).Data).toMatchObject({ Method: "kong.request.get_header" });
  await client.close();
  plugins.remove();
});

it("no id of a server that was killed means anything in the next ones", async () => {
  const prefix = createTempDir("pi");
  const used = new Set<number>();
  for (let turn = 0; turn < 4; turn += 1) {
    server = await startServer({ plugins: PHASES, prefix: prefix.path });
    const client = await WireClient.connect(server.socketPath);
    for (const id of used) {
      const { error } = await client.request("plugin.HandleEvent", { InstanceId: id, EventName: "access" });
      expect(error).toContain(`No plugin instance ${id}`);
    }
    for (let i = 0; i < 5; i += 1) {
      const id = await startInstance(client, "asks");
      expect(used).not.toContain(id);
      used.add(id);
    }
    await client.close();
    if (turn === 3) break;
    server.kill("SIGKILL");
    await server.exited;
  }
  expect(used.size).toBe(20);
});
