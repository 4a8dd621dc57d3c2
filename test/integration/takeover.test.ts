// Owns checking that a gateway's reload, which starts the new server while the old one runs, loses no event and mixes none up.
import { expect, it } from "vitest";
import { createTempDir, runPhase, type RunningServer, startInstance, startServer, WireClient } from "../support/index.js";

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
