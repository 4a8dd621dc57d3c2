// Owns checking what the server refuses when there is too much, that nothing else is disturbed, and that ids never repeat.
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import {
  BINARY,
  createTempDir,
  runPhase,
  type RunningServer,
  startInstance,
  startProgram,
  startServer,
  WireClient,
} from "../support/index.js";

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
  const more = await Promise.all(Array.from({ length: 50 }, () => WireClient.open(server.socketPath)));
  await Promise.all(more.map(({ closed }) => closed));
  await server.waitForLine(/and \d+ more in the last second: a connection was refused/);
  expect(server.lines.filter((line) => line.includes("a connection was refused")).length).toBeLessThan(6);
  const id = await startInstance(first, "asks");
  expect((await runPhase(second, id, "access")).end).toBe("ret");
  await second.close();
  await expect.poll(async () => (taken = await take())).toBeDefined();
  await taken?.close();
  await first.close();
});

describe("few file descriptors", () => {
  const LIMIT = 80;
  /** Node.js opens the modules of a level of imports before it reads one, and these have more of them in one. */
  const HIGHER_LIMIT = 144;
  const CLIENTS = 200;
  const GREETER = fileURLToPath(new URL("../fixtures/programs/greeter.mjs", import.meta.url));
  const temp = createTempDir("fd");
  afterAll(() => temp.remove());
  const shared = join(temp.path, "go_pluginserver.sock");
  temp.write("plugins/asks.cjs", `module.exports = { Plugin: class { access() {} }, Schema: [], Version: "1.0.0" };`);
  const serve = [BINARY, "-kong-prefix", temp.path, "-plugins-dir", join(temp.path, "plugins")];

  it.each<[string, number, string[], string, string]>([
    ["the shared socket", LIMIT, serve, shared, "asks"],
    ["a plugin's own socket", HIGHER_LIMIT, [...serve, "-plugin-sockets", temp.path], join(temp.path, "asks.socket"), "asks"],
    [
      "a program",
      HIGHER_LIMIT,
      [process.execPath, GREETER, "-kong-prefix", temp.path],
      join(temp.path, "greeter.socket"),
      "greeter",
    ],
  ])(
    "%s: what is beyond them is refused with a line a second, and the others are served",
    async (_name, limit, command, socketPath, plugin) => {
      const limited: [string, ...string[]] = ["sh", "-c", `ulimit -n ${limit}; exec "$@"`, "sh", ...command];
      server = await startProgram({ command: limited, socketPath });
      await server.waitForLine(
        new RegExp(`WARN: the process may open ${limit} file descriptors \\(ulimit -n\\), enough for \\d+ connections`),
      );
      const began = performance.now();
      const sockets = Array.from({ length: CLIENTS }, () => connect(socketPath).on("error", () => {}));
      let closed = 0;
      for (const socket of sockets) socket.once("close", () => (closed += 1));
      await server.waitForLine(
        new RegExp(`WARN: a connection was refused: the process may open only ${limit} file descriptors, see ulimit -n`),
      );
      await expect.poll(() => closed, { timeout: 10_000 }).toBeGreaterThan(CLIENTS - limit);
      const lines = server.lines.filter((line) => line.includes("a connection was refused"));
      expect(lines.length).toBeLessThanOrEqual(1 + (performance.now() - began) / 1000);
      expect(closed).toBeLessThan(CLIENTS - 10);
      for (const socket of sockets) socket.destroy();
      let client: WireClient | undefined;
      await expect.poll(async () => (client = await WireClient.connect(socketPath).catch(() => undefined))).toBeDefined();
      if (client === undefined) return;
      expect((await runPhase(client, await startInstance(client, plugin), "access")).end).toBe("ret");
      await client.close();
    },
  );
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
