// What the log says of a fault: one line, with the plugin it is about, in fields that are named as the labels of metrics.
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createTempDir,
  runPhase,
  type RunningServer,
  startInstance,
  startServer,
  type TempDir,
  WireClient,
} from "../support/index.js";

const PLUGIN = `
  class Eats {
    async access(kong) {
      const what = await kong.request.getHeader("x-do");
      if (what === "eat") { const all = []; for (;;) all.push({ text: String(all.length), more: [1, 2, 3] }); }
      if (what === "stray") setTimeout(() => { throw new Error("stray one"); }, 1);
      if (what === "throw") throw new Error("thrown");
      if (what === "exit") process.exit(3);
    }
  }
  module.exports = { Plugin: Eats, Name: "eats", Version: "1", Priority: 1, Schema: [] };`;

let temp: TempDir;
let server: RunningServer;
let client: WireClient;
let instance: number;

beforeEach(() => {
  temp = createTempDir("lines");
  temp.write("plugins/eats.cjs", PLUGIN);
});

afterEach(async () => {
  await client.close();
  await server.close();
  temp.remove();
});

const start = async (...flags: string[]): Promise<void> => {
  server = await startServer({ plugins: join(temp.path, "plugins"), flags: ["-isolate-memory", "64MB", ...flags] });
  client = await WireClient.connect(server.socketPath);
  instance = await startInstance(client, "eats", {});
};

const run = (what: string): Promise<unknown> =>
  runPhase(client, instance, "access", { answer: (method) => (method === "kong.request.get_header" ? what : undefined) });

/** What the log says of the plugin until a call is answered again. */
async function saidOf(what: string): Promise<readonly string[]> {
  const before = server.lines.length;
  await run(what);
  await run("nothing");
  return server.lines.slice(before);
}

describe.each(["thread", "process"])("an isolate in a %s", (isolation) => {
  it("that runs out of memory is told once, without a stack", { timeout: 60_000 }, async () => {
    await start("-isolation", isolation);
    const lines = await saidOf("eat");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      new RegExp(`ERROR: \\[eats\\] isolate of plugin eats died \\(out of memory, its limit is 64 MB\\); 1 call failed; restarting \\{"gateway":"kong","binding":${instance}\\}$`), // prettier-ignore
    );
  });

  it("that ends itself is told once", { timeout: 60_000 }, async () => {
    await start("-isolation", isolation);
    const lines = await saidOf("exit");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/\[eats\] isolate of plugin eats died \(.*(?:code|status):? 3\); 1 call failed; restarting \{"gateway":"kong","binding":\d+\}$/); // prettier-ignore
  });
});

it("an error of a handler has a field for each thing, and the line of the plugin", { timeout: 30_000 }, async () => {
  await start("-log-format", "json");
  await run("throw");
  const line: unknown = JSON.parse(await server.waitForLine(/failed in access: thrown/));
  expect(line).toMatchObject({ gateway: "kong", plugin: "eats", function: "access", binding: instance });
  expect(line).toHaveProperty("err.stack", expect.stringContaining("eats.cjs:7"));
  await run("stray");
  const stray: unknown = JSON.parse(await server.waitForLine(/stray one/));
  expect(stray).toMatchObject({ gateway: "kong", plugin: "eats", function: "access", binding: instance });
});
