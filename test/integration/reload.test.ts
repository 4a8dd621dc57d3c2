// Owns checking that plugins change while the server runs: once per change, never half, and without a lost event.
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
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

const plugin = (text: string, schema = "[]"): string => `import { definePlugin } from "pluginserver/pdk";
export default definePlugin({
  version: "1.0.0",
  schema: ${schema},
  async access(kong) {
    await kong.response.setHeader("x-says", ${JSON.stringify(text)});
  },
});
`;

let plugins: TempDir;
let server: RunningServer;
let client: WireClient;

beforeEach(() => {
  plugins = createTempDir("rl");
  plugins.write("hello.ts", plugin("one"));
});

afterEach(async () => {
  await client.close();
  expect(await server.close()).toMatchObject({ code: 0 });
  plugins.remove();
});

async function start(...flags: string[]): Promise<number> {
  server = await startServer({ plugins: plugins.path, flags });
  client = await WireClient.connect(server.socketPath);
  return startInstance(client, "hello");
}

async function says(id: number): Promise<unknown> {
  const run = await runPhase(client, id, "access");
  return run.calls[0]?.args[1];
}

const reloads = (name = "hello"): number => server.lines.filter((line) => line.includes(`plugin ${name} was reloaded`)).length;

/** A change of another plugin is told after everything that was noticed before it. */
async function settled(): Promise<void> {
  const name = `marker-${Math.random().toString(36).slice(2)}`;
  plugins.write(`${name}.ts`, plugin("marker"));
  await server.waitForLine(new RegExp(`plugin ${name} is new`));
}

describe("a changed plugin", () => {
  it("serves its instances under their ids with the new code", async () => {
    const id = await start();
    expect(await says(id)).toBe("one");
    plugins.write("hello.ts", plugin("two"));
    await server.waitForLine(/plugin hello was reloaded/);
    expect(await says(id)).toBe("two");
    await settled();
    expect(reloads()).toBe(1);
  });

  it.each<[string, (file: string) => void]>([
    [
      "an editor that writes another file and renames it",
      (file) => {
        writeFileSync(`${file}~`, plugin("two"));
        renameSync(`${file}~`, file);
      },
    ],
    [
      "truncating, then writing",
      (file) => {
        writeFileSync(file, "");
        writeFileSync(file, plugin("two"));
      },
    ],
    [
      "removing and writing anew",
      (file) => {
        rmSync(file);
        writeFileSync(file, plugin("two"));
      },
    ],
  ])("%s is one reload", async (_name, change) => {
    const id = await start();
    change(join(plugins.path, "hello.ts"));
    await server.waitForLine(/plugin hello was reloaded/);
    expect(await says(id)).toBe("two");
    await settled();
    expect(reloads()).toBe(1);
    expect(server.lines.filter((line) => /is not reloaded|is gone/.test(line))).toEqual([]);
  });

  it("that says the same as before is none", async () => {
    await start();
    const file = join(plugins.path, "hello.ts");
    utimesSync(file, new Date(), new Date());
    writeFileSync(file, plugin("one"));
    await settled();
    expect(reloads()).toBe(0);
  });

  it("is reloaded for a file it imports, and in a folder of its own", async () => {
    plugins.write("lib/package.json", JSON.stringify({ name: "lib", main: "./main.js" }));
    plugins.write(
      "lib/main.js",
      `const text = require("./text"); module.exports = { Plugin: class { access(kong) { kong.response.setHeader("x", text); } }, Schema: [], Version: "1.0.0" };`,
    );
    plugins.write("lib/text.js", `module.exports = "a";`);
    await start();
    const id = await startInstance(client, "lib");
    expect(await says(id)).toBe("a");
    plugins.write("lib/text.js", `module.exports = "b";`);
    await server.waitForLine(/plugin lib was reloaded/);
    expect(await says(id)).toBe("b");
  });

  it("through Kubernetes' swap of the ..data link is one reload", async () => {
    rmSync(join(plugins.path, "hello.ts"));
    const generation = (name: string, text: string): void => {
      mkdirSync(join(plugins.path, name));
      writeFileSync(join(plugins.path, name, "hello.ts"), plugin(text));
    };
    generation("..2026_1", "one");
    symlinkSync("..2026_1", join(plugins.path, "..data"));
    symlinkSync(join("..data", "hello.ts"), join(plugins.path, "hello.ts"));
    const id = await start();
    expect(await says(id)).toBe("one");
    generation("..2026_2", "two");
    symlinkSync("..2026_2", join(plugins.path, "..data_tmp"));
    renameSync(join(plugins.path, "..data_tmp"), join(plugins.path, "..data"));
    rmSync(join(plugins.path, "..2026_1"), { recursive: true });
    await server.waitForLine(/plugin hello was reloaded/);
    expect(await says(id)).toBe("two");
    expect(reloads()).toBe(1);
  });

  it("whose schema changes needs a reload of the gateway, and the log says so", async () => {
    await start();
    plugins.write("hello.ts", plugin("two", `[{ a: { type: "string" } }]`));
    await server.waitForLine(/the schema of plugin hello changed: reload the gateway/);
  });

  it("finishes running events in the old code", async () => {
    plugins.write("hello.ts", plugin("one").replace("await kong", `await kong.request.getMethod();\n    await kong`));
    const id = await start();
    const { EventId } = (await client.call("plugin.HandleEvent", { InstanceId: id, EventName: "access" })) as { EventId: number };
    plugins.write("hello.ts", plugin("two"));
    await server.waitForLine(/plugin hello was reloaded/);
    expect(await says(id)).toBe("two");
    expect(await client.call("plugin.Step", { EventId, Data: "GET" })).toMatchObject({ Data: { Args: ["x-says", "one"] } });
    expect(await client.call("plugin.Step", { EventId })).toMatchObject({ Data: "ret" });
  });
});

describe("a plugin that does not load any more", () => {
  it("goes on as it was, says why once, and is reloaded when it is mended", async () => {
    const id = await start();
    plugins.write("hello.ts", "export default {{");
    await server.waitForLine(/plugin hello is not reloaded, its former version goes on: .*hello\.ts:1:17/);
    expect(await says(id)).toBe("one");
    await settled();
    expect(server.lines.filter((line) => line.includes("is not reloaded")).length).toBe(1);
    plugins.write("hello.ts", plugin("three"));
    await server.waitForLine(/plugin hello was reloaded/);
    expect(await says(id)).toBe("three");
  });

  it("and one that is gone goes on serving its instances", async () => {
    const id = await start();
    rmSync(join(plugins.path, "hello.ts"));
    await server.waitForLine(/plugin hello is gone from the directory/);
    expect(await says(id)).toBe("one");
    expect(await says(await startInstance(client, "hello"))).toBe("one");
  });
});

describe("by hand", () => {
  it("-no-watch leaves changes alone until SIGHUP", async () => {
    const id = await start("-no-watch");
    plugins.write("hello.ts", plugin("two"));
    expect(await says(id)).toBe("one");
    process.kill(server.pid, "SIGHUP");
    await server.waitForLine(/plugin hello was reloaded/);
    expect(await says(id)).toBe("two");
    expect(reloads()).toBe(1);
  });
});

/** More of both by hand: RELOADS=200 LOAD=500. */
const RELOADS = Number(process.env["RELOADS"] ?? 20);
const LOAD = Number(process.env["LOAD"] ?? 200);

it("reloads under load fail no event, and leave no thread behind", { timeout: 300_000 }, async () => {
  const id = await start();
  expect(await says(id)).toBe("one");
  const threads = (): number => readdirSync(`/proc/${server.pid}/task`).length;
  const before = threads();
  const load = { wrong: 0, done: 0, running: true };
  const known = new Set(["one"]);
  const runner = async (): Promise<void> => {
    const own = await WireClient.connect(server.socketPath);
    while (load.running) {
      const run = await runPhase(own, id, "access");
      if (run.end !== "ret" || !known.has(String(run.calls[0]?.args[1]))) load.wrong += 1;
      load.done += 1;
      await new Promise((resolve) => setTimeout(resolve, 4000 / LOAD));
    }
    await own.close();
  };
  const runners = [runner(), runner(), runner(), runner()];
  for (let i = 0; i < RELOADS; i += 1) {
    known.add(`reload ${i}`);
    plugins.write("hello.ts", plugin(`reload ${i}`));
    await expect.poll(() => reloads(), { timeout: 20_000 }).toBe(i + 1);
  }
  load.running = false;
  await Promise.all(runners);
  expect(load.done).toBeGreaterThan(RELOADS);
  expect(load.wrong).toBe(0);
  expect(await says(id)).toBe(`reload ${RELOADS - 1}`);
  await expect.poll(threads, { timeout: 10_000 }).toBeLessThanOrEqual(before);
});
