// Owns checking what becomes of a plugin that changes while the server runs: its code, its instances, its name.
import { renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTempDir, pluginSaying, ReloadServer, type TempDir } from "./reload-server.js";

let plugins: TempDir;
let server: ReloadServer;

beforeEach(() => {
  plugins = createTempDir("rl");
  plugins.write("hello.ts", pluginSaying("one"));
});

afterEach(async () => {
  expect(await server.close()).toMatchObject({ code: 0 });
});

async function start(...flags: string[]): Promise<number> {
  server = await ReloadServer.start(plugins, flags);
  return server.startInstance("hello");
}

interface Status {
  readonly Plugins: Readonly<Record<string, { readonly Modtime: number; readonly LoadTime: number }>>;
}

describe("a changed plugin", () => {
  it("serves its instances under their ids and configurations with the new code", async () => {
    const form = (says: string): string =>
      `module.exports = { Plugin: class { constructor(config) { this.config = config; }
        access(kong) { kong.response.setHeader("x", ${JSON.stringify(says)} + this.config.a); } },
        Schema: [{ a: { type: "string" } }], Version: "1.0.0" };`;
    plugins.write("form.cjs", form("one "));
    await start();
    const [a, b] = [await server.startInstance("form", { a: "a" }), await server.startInstance("form", { a: "b" })];
    expect([await server.says(a), await server.says(b)]).toEqual(["one a", "one b"]);
    plugins.write("form.cjs", form("two "));
    await server.waitFor(/plugin form was reloaded/);
    expect([await server.says(a), await server.says(b)]).toEqual(["two a", "two b"]);
    await server.settled();
    expect([server.reloads("form"), server.reloads("hello")]).toEqual([1, 0]);
  });

  it("that says the same as before is none", async () => {
    plugins.write("imports.ts", pluginSaying("one", { imports: 'import fs from "node:fs"; export const there = fs;' }));
    await start();
    for (const name of ["hello.ts", "imports.ts"]) utimesSync(join(plugins.path, name), new Date(), new Date());
    plugins.write("hello.ts", pluginSaying("one"));
    await server.settled();
    expect(server.lines(/was reloaded|is new|is gone/)).toEqual([]);
  });

  it("has the times of its new code in GetStatus", async () => {
    await start();
    const timesOf = async (): Promise<Status["Plugins"][string]> => {
      const { Plugins } = (await server.client.call("plugin.GetStatus", 0)) as Status;
      return Plugins["hello"] ?? { Modtime: 0, LoadTime: 0 };
    };
    const before = await timesOf();
    plugins.write("hello.ts", pluginSaying("two"));
    const later = new Date((before.Modtime + 100) * 1000);
    utimesSync(join(plugins.path, "hello.ts"), later, later);
    await server.waitFor(/plugin hello was reloaded/);
    const after = await timesOf();
    expect(after.Modtime).toBe(before.Modtime + 100);
    expect(after.LoadTime).toBeGreaterThanOrEqual(before.LoadTime);
  });

  it.each<[string, string, string]>([
    ["schema", `[{ a: { type: "string" } }]`, ""],
    ["priority", "[]", "priority: 7,"],
    ["phases", "[]", "log() {},"],
  ])("whose %s changes needs a reload of the gateway, and the log says so", async (what, schema, more) => {
    await start();
    plugins.write("hello.ts", pluginSaying("two", { schema }).replace('version: "1.0.0",', `version: "1.0.0", ${more}`));
    await server.waitFor(new RegExp(`the ${what} of plugin hello changed: reload the gateway`));
  });

  it("finishes running events in the old code", async () => {
    plugins.write("hello.ts", pluginSaying("one").replace("await kong", `await kong.request.getMethod();\n    await kong`));
    const id = await start();
    const { EventId } = (await server.client.call("plugin.HandleEvent", { InstanceId: id, EventName: "access" })) as {
      EventId: number;
    };
    plugins.write("hello.ts", pluginSaying("two"));
    await server.waitFor(/plugin hello was reloaded/);
    expect(await server.says(id)).toBe("two");
    const step = await server.client.call("plugin.Step", { EventId, Data: "GET" });
    expect(step).toMatchObject({ Data: { Args: ["x-says", "one"] } });
    expect(await server.client.call("plugin.Step", { EventId })).toMatchObject({ Data: "ret" });
  });
});

describe("instances that do not fit a new schema", () => {
  /** Says its version and its configuration. */
  const version = (name: string, schema: string): string =>
    `module.exports = { Plugin: class { constructor(config) { this.config = config; }
      access(kong) { kong.response.setHeader("x", ${JSON.stringify(name)} + JSON.stringify(this.config)); if (this.config.die) process.exit(1); } },
      Schema: ${schema}, Version: "1.0.0" };`;
  const BEFORE = `[{ limit: { type: "string" } }, { mode: { type: "string", one_of: ["a", "b"] } }, { die: { type: "boolean" } }]`;
  const IDS = { __plugin_id: "11111111-1111-4111-8111-111111111111", route_id: "22222222-2222-4222-8222-222222222222" };

  it.each<[string, string, RegExp]>([
    [
      "another type",
      `[{ limit: { type: "integer" } }, { mode: { type: "string" } }]`,
      /config\.limit is a string, not an integer/,
    ],
    [
      "a new required field",
      `${BEFORE.slice(0, -1)}, { fresh: { type: "string", required: true } }]`,
      /config\.fresh is required/,
    ],
    ["a field less", `[{ mode: { type: "string" } }]`, /config\.limit is not in the schema any more/],
    ["fewer choices", BEFORE.replace('["a", "b"]', '["b"]'), /config\.mode is none of "b"/],
  ])("(%s) go on with the former version, and the log says which and why", async (_what, schema, reason) => {
    plugins.write("form.cjs", version("one ", BEFORE));
    await start("-instance-timeout", "300ms");
    const config = { limit: "5", mode: "a" };
    const old = await server.startInstance("form", { ...config, ...IDS });
    const fitting = await server.startInstance("form", {});
    const sleeping = await server.startInstance("form", { ...config, limit: "6" });
    const known = async (): Promise<string> => JSON.stringify(await server.client.call("plugin.GetStatus", 0));
    await expect.poll(known, { timeout: 5000 }).not.toContain('"Id":');
    expect(await server.says(old)).toBe('one {"limit":"5","mode":"a"}');
    plugins.write("form.cjs", version("two ", schema));
    const line = await server.waitFor(new RegExp(`instance ${old} of plugin form .*goes on with the former version`));
    expect(line).toMatch(reason);
    expect(line).toMatch(/ERROR.*plugin 11111111-.*route 22222222-/);
    await server.waitFor(new RegExp(`instance ${sleeping} of plugin form goes on with the former version`));
    // The gateway starts all again when anything changes, with what it had before.
    const again = await server.startInstance("form", { ...config, ...IDS, __seq__: 2 });
    for (const id of [old, again]) expect(await server.says(id)).toBe('one {"limit":"5","mode":"a"}');
    expect(await server.says(sleeping)).toBe('one {"limit":"6","mode":"a"}');
    if (!schema.includes("fresh")) expect(await server.says(fitting)).toBe("two {}");
    expect(server.lines(/No plugin instance|cannot run/)).toEqual([]);
  });

  it("keep their code over the death of their isolate and further reloads, until it fits or the gateway closes them", async () => {
    plugins.write("form.cjs", version("one ", BEFORE));
    await start();
    const dies = await server.startInstance("form", { limit: "5", die: true });
    const old = await server.startInstance("form", { limit: "5" });
    const fits = await server.startInstance("form", {});
    const other = BEFORE.replace('type: "string"', 'type: "integer"');
    plugins.write("form.cjs", version("two ", other));
    await server.waitFor(new RegExp(`instance ${old} of plugin form goes on`));
    expect([await server.says(old), await server.says(fits)]).toEqual(['one {"limit":"5"}', "two {}"]);
    await server.says(dies);
    await server.waitFor(/isolate of plugin/);
    expect([await server.says(old), await server.says(fits)]).toEqual(['one {"limit":"5"}', "two {}"]);
    plugins.write("form.cjs", version("three ", other));
    await expect.poll(() => server.reloads("form"), { timeout: 5000 }).toBe(2);
    expect([await server.says(old), await server.says(fits)]).toEqual(['one {"limit":"5"}', "three {}"]);
    plugins.write("form.cjs", version("four ", BEFORE));
    await expect.poll(() => server.reloads("form"), { timeout: 5000 }).toBe(3);
    expect([await server.says(old), await server.says(fits)]).toEqual(['four {"limit":"5"}', "four {}"]);
  });

  it("get the defaults of new fields, which the gateway cannot have sent", async () => {
    plugins.write("form.cjs", version("one ", BEFORE));
    await start();
    const id = await server.startInstance("form", { limit: "5" });
    plugins.write("form.cjs", version("two ", `${BEFORE.slice(0, -1)}, { fresh: { type: "integer", default: 7 } }]`));
    await server.waitFor(/plugin form was reloaded/);
    expect(await server.says(id)).toBe('two {"limit":"5","fresh":7}');
    expect(await server.says(await server.startInstance("form", { limit: "6" }))).toBe('two {"limit":"6","fresh":7}');
  });
});

describe("a plugin that does not load any more", () => {
  it.each([
    ["does not compile", "export default {{", /hello\.ts:1:17/],
    ["throws while it loads", "throw new Error('at load'); export default 1;", /at load/],
    ["is no plugin", "export const x = 1;", /not a plugin/],
    [
      "was built for another PDK",
      `export const New = () => ({ Access() {} }); export const Version = "1"; export const Priority = 1; export const PdkVersion = "0.1.0";`,
      /built with 0\.1\.0/,
    ],
  ])("because it %s goes on as it was, says why, and is reloaded when it is mended", async (_why, code, reason) => {
    const id = await start();
    plugins.write("hello.ts", code);
    expect(await server.waitFor(/plugin hello is not reloaded, its former version goes on: /)).toMatch(reason);
    expect(await server.says(id)).toBe("one");
    await server.settled();
    expect(server.lines(/hello is not/)).toHaveLength(1);
    plugins.write("hello.ts", pluginSaying("three"));
    await server.waitFor(/plugin hello was reloaded/);
    expect(await server.says(id)).toBe("three");
  });

  it("is told of again for other content, and of what it was before when it is that again", async () => {
    await start();
    plugins.write("hello.ts", "export default {{");
    await server.waitFor(/plugin hello is not reloaded/);
    plugins.write("hello.ts", "export default {{ // still");
    await expect.poll(() => server.lines(/plugin hello is not reloaded/).length, { timeout: 5000 }).toBe(2);
    plugins.write("hello.ts", pluginSaying("one"));
    await server.waitFor(/plugin hello is what it was before/);
    expect(server.reloads("hello")).toBe(0);
  });

  it("and one that is gone goes on serving its instances, and is the same when it is back", async () => {
    const id = await start();
    rmSync(join(plugins.path, "hello.ts"));
    await server.waitFor(/plugin hello is gone from the directory/);
    expect(await server.says(id)).toBe("one");
    expect(await server.says(await server.startInstance("hello"))).toBe("one");
    plugins.write("hello.ts", pluginSaying("one"));
    await server.waitFor(/plugin hello is what it was before/);
    rmSync(join(plugins.path, "hello.ts"));
    await expect.poll(() => server.lines(/plugin hello is gone/).length, { timeout: 5000 }).toBe(2);
  });
});

describe("an instance that could not run", () => {
  it("runs when its plugin is mended", async () => {
    plugins.write(
      "broken.cjs",
      `module.exports = { Plugin: class { constructor() { throw new Error("no"); } access() {} }, Schema: [], Version: "1.0.0" };`,
    );
    await start();
    const id = await server.startInstance("broken");
    await server.waitFor(/instance \d+ of plugin broken cannot run/);
    plugins.write(
      "broken.cjs",
      `module.exports = { Plugin: class { access(kong) { kong.response.setHeader("x", "runs"); } }, Schema: [], Version: "1.0.0" };`,
    );
    await server.waitFor(/plugin broken was reloaded/);
    expect(await server.says(id)).toBe("runs");
    expect(await server.client.call("plugin.InstanceStatus", id)).not.toHaveProperty("Error");
  });

  it("because its plugin did not load at all is started anew by the gateway", async () => {
    plugins.write("late.ts", "export default {{");
    await start();
    const id = await server.startInstance("late");
    plugins.write("late.ts", pluginSaying("late"));
    await server.waitFor(/plugin late is new/);
    const { error } = await server.client.request("plugin.HandleEvent", { InstanceId: id, EventName: "access" });
    expect(error).toContain(`No plugin instance ${id}`);
    expect(await server.says(await server.startInstance("late"))).toBe("late");
  });
});

describe("names", () => {
  it("of new plugins are served at once, and told", async () => {
    await start();
    plugins.write("other.ts", pluginSaying("new"));
    await server.waitFor(/plugin other is new: the gateway learns of it when it is reloaded/);
    expect(await server.says(await server.startInstance("other"))).toBe("new");
  });

  it("stay with a plugin whose file is renamed", async () => {
    plugins.write("a.ts", pluginSaying("one", { name: "named" }));
    await start();
    const id = await server.startInstance("named");
    renameSync(join(plugins.path, "a.ts"), join(plugins.path, "b.ts"));
    expect(await server.waitFor(/plugin named was reloaded/)).toContain("b.ts");
    expect(await server.says(id)).toBe("one");
    await server.settled();
    expect([server.reloads("named"), server.lines(/named is (?:new|gone|not)/)]).toEqual([1, []]);
  });

  it("are not given to another file while their own is there, if broken", async () => {
    plugins.write("m.ts", pluginSaying("one", { name: "named" }));
    await start();
    const id = await server.startInstance("named");
    plugins.write("m.ts", "export default {{");
    plugins.write("a.ts", pluginSaying("usurper", { name: "named" }));
    await server.waitFor(/plugin named is not served: the name named is taken by .*m\.ts/);
    expect(await server.says(id)).toBe("one");
  });

  it("that are taken leave a plugin as it was, and new ones are taken once", async () => {
    plugins.write("a.ts", pluginSaying("a"));
    await start();
    const id = await server.startInstance("a");
    plugins.write("a.ts", pluginSaying("a too", { name: "hello" }));
    await server.waitFor(/plugin a is not reloaded, its former version goes on: the name hello is taken by .*hello\.ts/);
    plugins.write("a.ts", pluginSaying("renamed", { name: "A" }));
    await server.waitFor(/plugin A is new/);
    await server.waitFor(/plugin a is gone/);
    expect([await server.says(id), await server.says(await server.startInstance("A"))]).toEqual(["a", "renamed"]);
    await server.settled();
    expect(server.lines(/was reloaded/)).toEqual([]);
  });
});

describe("by hand", () => {
  it("-no-watch leaves changes alone until SIGHUP", async () => {
    const id = await start("-no-watch");
    writeFileSync(join(plugins.path, "hello.ts"), pluginSaying("two"));
    expect(await server.says(id)).toBe("one");
    server.kill("SIGHUP");
    await server.waitFor(/plugin hello was reloaded/);
    expect(await server.says(id)).toBe("two");
    expect(server.reloads("hello")).toBe(1);
  });

  it("SIGHUP where nothing changed, or many at once, reload nothing", async () => {
    const id = await start();
    for (let i = 0; i < 20; i += 1) server.kill("SIGHUP");
    await server.waitFor(/got SIGHUP/);
    await server.settled();
    expect(server.reloads("hello")).toBe(0);
    expect(await server.says(id)).toBe("one");
  });

  it("the end does not wait for a module that hangs while it is loaded", async () => {
    await start();
    plugins.write("hangs.mjs", `console.log("hanging"); await new Promise(() => setInterval(() => {}, 1000));`);
    await server.waitFor(/hanging/);
    const begin = performance.now();
    await server.close();
    expect(performance.now() - begin).toBeLessThan(5000);
    server = await ReloadServer.start(createTempDir("rl"));
  });
});
