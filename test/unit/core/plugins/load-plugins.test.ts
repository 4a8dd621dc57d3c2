// A plugins directory as a whole: what is served, what is not and why; one bad module spoils only its own.
import { mkdirSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LoadOptions, PluginApi, PluginRegistry } from "../../../../src/core/plugins/index.js";
import { createTempDir, type TempDir } from "../../../support/index.js";
import { announcementOf, checkAnnouncement } from "../../../../src/gateways/kong/server/index.js";
import { KONG_WORKER, loadPluginsFolder } from "../isolates/from-dist.js";

const { loadPlugins } = await loadPluginsFolder();

const { PLUGIN_API: API } = (await import(new URL("../../../../dist/apps/plugin-api/index.js", import.meta.url).href)) as {
  readonly PLUGIN_API: PluginApi;
};
const GOOD =
  "export class Plain { message = 'hi'; Access() {} }\nexport const New = () => new Plain();\nexport const Version = '1.0.0';\nexport const Priority = 1;\n";

let directory: TempDir;
let printed: [plugin: string, line: string][];

beforeEach(() => {
  directory = createTempDir("load");
  printed = [];
});
afterEach(() => directory.remove());

const load = (options: Partial<LoadOptions> = {}): Promise<PluginRegistry> =>
  loadPlugins(directory.path, {
    gatewayWorker: KONG_WORKER,
    checkDefinition: checkAnnouncement,
    api: API,
    versionMatch: "exact",
    trustedKeys: [],
    loadTimeout: 5000,
    limits: { memory: 256 * 1024 * 1024, env: process.env },
    onPluginLog: (plugin, { message }) => printed.push([plugin, message]),
    ...options,
  });

const names = (registry: PluginRegistry): string[] => registry.list().map(({ name }) => name);
const reasonOf = (registry: PluginRegistry, name: string): string => registry.problem(name)?.reason ?? "no problem";

describe("a directory", () => {
  it("without plugins serves none", async () => {
    directory.write("README.md", "# none");
    const registry = await load();
    expect([names(registry), registry.problems()]).toEqual([[], []]);
  });

  it("that is not there is an error of its own", async () => {
    directory.remove();
    await expect(load()).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("serves files and folders, of each form", async () => {
    directory.write("go-style.ts", GOOD);
    directory.write(
      "taught.mjs",
      "import { definePlugin } from 'pluginserver/pdk'; export default definePlugin({ version: '2.0.0', priority: 5, schema: [], log() {} });",
    );
    directory.write(
      "old/index.cjs",
      "class P { constructor(config) {} async access(kong) {} } module.exports = { Plugin: P, Name: 'old-name', Schema: [], Version: '3.0.0', Priority: 7 };",
    );
    const registry = await load();
    expect(registry.problems()).toEqual([]);
    expect(
      registry
        .list()
        .map(({ name, path, metadata }) => [
          name,
          path.slice(directory.path.length + 1),
          metadata.form,
          metadata.version,
          announcementOf(metadata).priority,
          metadata.functions,
        ]),
    ).toEqual([
      ["go-style", "go-style.ts", "go", "1.0.0", 1, ["access"]],
      ["old-name", "old", "kong-js-pdk", "3.0.0", 7, ["access"]],
      ["taught", "taught.mjs", "define-plugin", "2.0.0", 5, ["log"]],
    ]);
  });

  it("states when files were changed and loaded, in seconds", async () => {
    directory.write("a.ts", GOOD);
    const before = Date.now() / 1000;
    const plugin = (await load()).get("a");
    expect(plugin?.loaded).toBeGreaterThanOrEqual(before);
    expect(plugin?.modified).toBeGreaterThan(before - 60);
    expect(plugin?.modified).toBeLessThanOrEqual(plugin?.loaded ?? 0);
  });
});

describe("a plugin that cannot be served", () => {
  it.each([
    ["does not compile", "bad.ts", "export const New = (;", "bad.ts:1:21"],
    ["throws while it loads", "bad.ts", "\n\nthrow new Error('on load');", "on load"],
    ["exits while it loads", "bad.cjs", "process.exit(0)", ""],
    ["imports what is not there", "bad.ts", "import 'no-such-package-anywhere';", "no-such-package-anywhere"],
    ["is no plugin", "bad.js", "export const x = 1;", "not a plugin"],
    ["has no phase", "bad.js", "export const New = () => ({}); export const Version = '1'; export const Priority = 1;", ""],
  ])("one that %s is told of, and the others are served", async (_name, file, code, text) => {
    directory.write("a.ts", GOOD);
    directory.write("z.ts", GOOD);
    const path = directory.write(file, code);
    const registry = await load();
    expect(names(registry)).toEqual(["a", "z"]);
    expect(registry.problems()).toMatchObject([{ name: "bad", path, reason: expect.stringContaining(text) as unknown }]);
    expect(reasonOf(registry, "bad")).toMatch(/^[^\n]+$/);
  });

  it("for its time is told how long it took", async () => {
    directory.write("slow.mjs", "await new Promise(() => setInterval(() => {}, 1000));");
    expect(reasonOf(await load({ loadTimeout: 300 }), "slow")).toContain("0.3 s");
  });

  it("for its name is told who has it", async () => {
    const first = directory.write("hello.js", GOOD.replace("class Plain { message = 'hi'; Access", "class Plain { Access"));
    const second = directory.write("hello.ts", GOOD);
    const registry = await load();
    expect(names(registry)).toEqual(["hello"]);
    expect(registry.problems()).toMatchObject([
      { name: "hello", path: second, reason: `the name hello is taken by ${first}; rename one of them` },
    ]);
  });

  it("for a folder's manifest is found by the folder's name", async () => {
    directory.write("broken/package.json", "{");
    const registry = await load();
    expect(names(registry)).toEqual([]);
    expect(registry.problems()).toHaveLength(1);
    expect(reasonOf(registry, "broken")).toContain("JSON");
  });
});

describe("the PDK version", () => {
  const built = (version: string): string => `${GOOD}export const PdkVersion = '${version}';\n`;

  it("other than the server's is refused, in words that name both", async () => {
    directory.write("same.ts", built(API.version));
    directory.write("none.ts", GOOD);
    directory.write("other.ts", built("0.9.0"));
    const registry = await load();
    expect(names(registry)).toEqual(["none", "same"]);
    expect(reasonOf(registry, "other")).toContain(
      "failed to open plugin other: plugin was built with a different version of package pluginserver/pdk (built with 0.9.0, server has 1.0.0)",
    );
  });

  it("may be older where compatible is enough", async () => {
    directory.write("older.ts", built("1.1.0"));
    directory.write("newer.ts", built("1.3.0"));
    directory.write("major.ts", built("2.0.0"));
    expect(names(await load({ api: { ...API, version: "1.2.0" }, versionMatch: "compatible" }))).toEqual(["older"]);
  });

  it("of the package beside the plugin counts more than what it exports", async () => {
    directory.write("node_modules/pluginserver/package.json", '{"name":"pluginserver","version":"0.5.0","exports":{}}');
    directory.write("a.ts", built(API.version));
    expect(reasonOf(await load(), "a")).toContain("built with 0.5.0");
  });
});

describe("what plugins print while they load", () => {
  it("is theirs, by name, and goes nowhere else", async () => {
    directory.write("loud.ts", `console.log("loading"); process.stdout.write("no end of line");\n${GOOD}`);
    directory.write("quiet.ts", GOOD);
    mkdirSync(`${directory.path}/empty`);
    expect(names(await load())).toEqual(["loud", "quiet"]);
    expect(printed).toEqual([
      ["loud", "loading"],
      ["loud", "no end of line"],
    ]);
  });
});
