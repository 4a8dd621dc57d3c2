// Owns checking that reloads under load cost no event: each is answered, by the code that served when it came or a later one.
import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { runPhase, WireClient } from "../support/index.js";
import { createTempDir, pluginSaying, ReloadServer } from "./reload-server.js";

/** More of both by hand: RELOADS=200 LOAD=500. */
const RELOADS = Number(process.env["RELOADS"] ?? 50);
/** Events a second. */
const LOAD = Number(process.env["LOAD"] ?? 300);
const CONNECTIONS = 8;
const TICK = 10;

const pluginAt = (version: number): string =>
  // An event that asks first is likely to be under way when the code changes.
  pluginSaying(String(version)).replace("await kong", "await kong.request.getMethod();\n    await kong");

interface Load {
  readonly faults: string[];
  done: number;
}

/** Runs events at a steady rate, however long each takes, until `isOver`; resolves when the last is answered. */
async function runLoad(server: ReloadServer, id: number, served: () => number, isOver: () => boolean): Promise<Load> {
  const load: Load = { faults: [], done: 0 };
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => WireClient.connect(server.socketPath)));
  const runOne = async (client: WireClient): Promise<void> => {
    const oldest = served();
    const run = await runPhase(client, id, "access", {
      answer: (method) => (method === "kong.request.get_method" ? "GET" : undefined),
    });
    const version = Number(run.calls.at(-1)?.args[1]);
    load.done += 1;
    if (run.end !== "ret" || run.calls.length !== 2) load.faults.push(`ended by ${run.end}: ${JSON.stringify(run)}`);
    // What is written is served when the log says so, or a moment earlier.
    else if (version < oldest || version > served() + 1) load.faults.push(`version ${version}, while ${oldest} was served`);
  };
  const running = new Set<Promise<void>>();
  const start = performance.now();
  for (let begun = 0; !isOver();) {
    for (const due = ((performance.now() - start) / 1000) * LOAD; begun < due; begun += 1) {
      const client = clients[begun % CONNECTIONS];
      if (client === undefined) break;
      const event: Promise<void> = runOne(client)
        .catch((error: unknown) => void load.faults.push(String(error)))
        .finally(() => running.delete(event));
      running.add(event);
    }
    await new Promise((resolve) => setTimeout(resolve, TICK));
  }
  await Promise.all(running);
  await Promise.all(clients.map((client) => client.close()));
  return load;
}

it("reloads under load fail no event, and leave no thread or process behind", { timeout: 600_000 }, async () => {
  const plugins = createTempDir("rl");
  plugins.write("hello.ts", pluginAt(0));
  const server = await ReloadServer.start(plugins);
  const id = await server.startInstance("hello");
  const threads = (): number => readdirSync(`/proc/${server.pid}/task`).length;
  const descriptors = (): number => readdirSync(`/proc/${server.pid}/fd`).length;
  // The first reload starts what stays: the thread pool of file access, for one.
  plugins.write("hello.ts", pluginAt(1));
  await expect.poll(() => server.reloads("hello"), { timeout: 20_000 }).toBe(1);
  await runPhase(server.client, id, "access");
  const before = { threads: threads(), descriptors: descriptors() };
  let isOver = false;
  const loading = runLoad(
    server,
    id,
    () => server.reloads("hello"),
    () => isOver,
  );
  for (let version = 2; version <= RELOADS + 1; version += 1) {
    plugins.write("hello.ts", pluginAt(version));
    await expect.poll(() => server.reloads("hello"), { timeout: 20_000, interval: 10 }).toBe(version);
  }
  isOver = true;
  const load = await loading;
  expect(load.faults.slice(0, 5)).toEqual([]);
  expect(load.done).toBeGreaterThan(RELOADS);
  await expect.poll(threads, { timeout: 10_000 }).toBeLessThanOrEqual(before.threads);
  await expect.poll(descriptors, { timeout: 10_000 }).toBeLessThanOrEqual(before.descriptors);
  expect(server.lines(/ERROR|WARN/)).toEqual([]);
  expect(await server.close()).toMatchObject({ code: 0 });
});
