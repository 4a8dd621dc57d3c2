import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTempDir, runCli, type TempDir } from "../support/index.js";

let temp: TempDir;

const SOUND = `module.exports = { Plugin: class { access() {} header_filter() {} }, Version: "1.2.0", Priority: 7,
  Schema: [{ message: { type: "string", description: "what it says" } }] };`;
const UNSOUND = `module.exports = { Plugin: class { access() {} }, Version: "2.0.0",
  Schema: [{ limits: { type: "record", fields: [{ max: { type: "integer", default: "9" } }] } }, { hosts: { type: "array" } }] };`;

const TSCONFIG =
  '{ "compilerOptions": { "module": "nodenext", "target": "es2023", "strict": true, "skipLibCheck": true, "types": [] } }';

beforeAll(() => {
  temp = createTempDir("check");
  temp.write("sound/sound.cjs", SOUND);
  temp.write("mixed/sound.cjs", SOUND);
  temp.write("mixed/unsound.cjs", UNSOUND);
  temp.write("mixed/broken.ts", "export default {");
  temp.write("mixed/bundled.cjs", SOUND);
});

afterAll(() => temp.remove());

describe("pluginserver check", () => {
  it("shows what a gateway would see, with status 0 where all of it is served", async () => {
    const { code, stdout, stderr } = await runCli(["check", `${temp.path}/sound`]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.toString()).toMatch(/^sound +1\.2\.0 +7 +access +any +served$/m);
    expect(stdout.toString()).toContain("warning: its header_filter will never be called");
    expect(stdout.toString()).toContain('note: "description" needs Kong 3.4 or newer (config.message)');
  });

  it("says what would not be served and why, with status 1", async () => {
    const { code, stdout, stderr } = await runCli(["check", "mixed"], { cwd: temp.path });
    expect(code).toBe(1);
    expect(stderr).toBe("pluginserver: 3 of 4 plugins would not be served\n");
    const text = stdout.toString();
    expect(text).toMatch(/^unsound +2\.0\.0 +0 +access +any +NOT SERVED$/m);
    expect(text).toContain("error: config.limits.max: its default does not fit");
    expect(text).toContain('error: config.hosts: is an array and does not say its "elements"');
    expect(text).toMatch(/error: broken\.ts:1:\d+: /);
    expect(text).toContain("error: the name bundled has another meaning");
  });

  it("gives the same as JSON, for the current directory by default", async () => {
    const { code, stdout } = await runCli(["check", "-json"], { cwd: `${temp.path}/mixed` });
    expect(code).toBe(1);
    const { plugins } = JSON.parse(stdout.toString()) as { plugins: Record<string, unknown>[] };
    expect(plugins.map(({ name, served }) => [name, served])).toEqual([
      ["broken", false],
      ["bundled", false],
      ["sound", true],
      ["unsound", false],
    ]);
    expect(plugins[2]).toMatchObject({ version: "1.2.0", priority: 7, phases: ["access"], errors: [] });
    expect(plugins[3]?.["errors"]).toHaveLength(2);
  });

  it("keeps what Kong would not start with out of a dump, and says why", async () => {
    const { code, stdout, stderr } = await runCli(["-plugins-dir", `${temp.path}/mixed`, "-dump-all-plugins"]);
    expect(code).toBe(0);
    expect((JSON.parse(stdout.toString()) as { Name: string }[]).map(({ Name }) => Name)).toEqual(["sound"]);
    expect(stderr).toMatch(/plugin unsound is left out: the gateway would refuse it: config\.limits\.max: /);
  });

  it("names what plugins call and ProtoBuf:1 lacks, with file and line, where that is the gateway's protocol", async () => {
    temp.write(
      "calls/calls.ts",
      `import type { Kong } from "pluginserver/pdk";
export const Version = "1.0.0";
export class Config {
  async Access(kong: Kong): Promise<void> {
    const { request } = kong;
    await kong.ctx.shared.set("path", await request.getRawPath());
    await kong.response.setHeader("x-body", String(await request.getBody()));
  }
}
export const New = () => new Config();
`,
    );
    temp.write(
      "calls/old.cjs",
      `module.exports = { Version: "1.0.0", Plugin: class { async access(kong) { await kong.request.getBody(); } } };`,
    );
    const warnings = async (...flags: string[]): Promise<Record<string, unknown>> => {
      const { code, stdout } = await runCli(["check", `${temp.path}/calls`, "-json", "-no-types", ...flags]);
      expect(code).toBe(0);
      const { plugins } = JSON.parse(stdout.toString()) as { plugins: { name: string; warnings: string[] }[] };
      return Object.fromEntries(plugins.map((plugin) => [plugin.name, plugin.warnings]));
    };
    const lost = {
      calls: ["it calls kong.request.get_raw_path (calls.ts:6), which is not in ProtoBuf:1"],
      old: ["it calls kong.request.get_body (old.cjs:1), which is not in ProtoBuf:1"],
    };
    expect(await warnings("-protocol", "ProtoBuf:1")).toEqual(lost);
    expect(await warnings("-protocol", "ProtoBuf:1", "-kong-version", "3.2")).toEqual({
      ...lost,
      calls: ["it calls kong.ctx.shared.set (calls.ts:6), which is in ProtoBuf:1 from Kong 3.3 on", ...lost.calls],
    });
    expect(await warnings()).toEqual({ calls: [], old: [] });
    const { code, stderr } = await runCli(["check", `${temp.path}/calls`, "-protocol", "ProtoBuf:1", "-kong-version", "2.3"]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "pluginserver: Kong 2.3 speaks MsgPack:1 alone: ProtoBuf:1 needs Kong 2.4 or newer\n",
    });
  });

  it("tells of validators that cannot reach the gateway, and of a project that is one plugin", async () => {
    temp.write(
      "validates/validates.cjs",
      `module.exports = { Plugin: class { access() {} }, Schema: [{ a: { type: "string", custom_validator: () => true } }] };`,
    );
    const { code, stdout } = await runCli(["check", `${temp.path}/validates`]);
    expect(code).toBe(0);
    expect(stdout.toString()).toContain("warning: the custom_validator in its schema does not reach the gateway");
    temp.write("project/package.json", '{ "main": "lib/main.js" }');
    temp.write("project/lib/main.js", SOUND);
    const project = await runCli(["check"], { cwd: `${temp.path}/project` });
    expect(project.stdout.toString()).toBe("no plugins in .: it is one itself; build it, or check the directory that it is in\n");
    expect(project).toMatchObject({ code: 1, stderr: "pluginserver: nothing was checked\n" });
  });

  it("names what was meant: exports, handlers and folders that are nearly right, beside other errors", async () => {
    temp.write("near/lower.cjs", `module.exports = { Plugin: class { access() {} }, schema: [], version: "3.0.0" };`);
    temp.write(
      "near/unsound.cjs",
      `module.exports = { Plugin: class { log() {} acess() {} }, Schema: [{ a: { type: "array" } }] };`,
    );
    temp.write(
      "near/forgotten.mjs",
      `import { definePlugin } from "pluginserver/pdk"; export const it = definePlugin({ log() {} });`,
    );
    temp.write("near/folder/folder.cjs", SOUND);
    temp.write("near/sources/src/index.ts", SOUND);
    temp.write("near/packaged/package.json", '{ "name": "packaged" }');
    temp.write("near/packaged/anything.js", SOUND);
    temp.write("near/lib/package.json", '{ "type": "commonjs" }');
    temp.write("near/lib/helpers.js", "module.exports = 1;");
    temp.write("near/js-old/package.json", '{ "main": "old.js" }');
    temp.write("near/js-old/old.js", SOUND);
    const { code, stdout, stderr } = await runCli(["check", `${temp.path}/near`]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "pluginserver: 5 of 7 plugins would not be served\n" });
    const text = stdout.toString();
    for (const line of [
      'warning: the export "schema" is not read: call it "Schema"',
      'warning: the export "version" is not read: call it "Version"',
      'warning: its "acess" is never called: call it "access"',
      'error: the module is not a plugin: its export "it" is made with definePlugin(): make it the default export',
      'error: looks like a plugin and has no entry: name "folder.cjs" as "main" in a package.json there, or call it index.cjs',
      'error: looks like a plugin and has no entry: name "src/index.ts" as "main"',
      'error: looks like a plugin and has no entry: name "anything.js" as "main"',
      'warning: kong-js-pdk calls it old, after its entry: export Name: "old"',
    ])
      expect(text).toContain(line);
    expect(text).not.toContain("helpers");
  });

  it(
    "checks types where a project is around the plugin, of all with -types and of none with -no-types",
    { timeout: 120_000 },
    async () => {
      const source = (method: string): string =>
        `import { definePlugin } from "pluginserver/pdk"; export default definePlugin({ async log(kong) { await ${method}; } });`;
      for (const place of ["typed/tsconfig.json", "loose/tsconfig.json.off"]) temp.write(place, TSCONFIG);
      for (const folder of ["typed", "loose"]) {
        temp.write(`${folder}/late.ts`, source('kong.service.request.setHeader("x", "y")'));
        temp.write(`${folder}/timely.ts`, source("kong.log.serialize()"));
        temp.write(`${folder}/plain.cjs`, SOUND);
      }
      const run = async (...args: string[]): Promise<unknown[]> => {
        const { code, stdout, stderr } = await runCli(["check", ...args, "-json"], { cwd: temp.path });
        const { plugins } = JSON.parse(stdout.toString()) as { plugins: { name: string; served: boolean; errors: string[] }[] };
        return [code, stderr, ...plugins.flatMap(({ name, served, errors }) => errors.map((text) => [name, served, text]))];
      };
      const found = (folder: string): unknown[] => [
        1,
        "pluginserver: the types of 1 of 3 plugins do not fit\n",
        [
          "late",
          true,
          expect.stringMatching(new RegExp(`^${folder}/late\\.ts\\(1,\\d+\\): error TS\\d+: .*(?:'service'|'setHeader')`)),
        ],
      ];
      expect(await run("typed")).toEqual(found("typed"));
      expect(await run("typed", "-no-types")).toEqual([0, ""]);
      expect(await run("loose")).toEqual([0, ""]);
      expect(await run("loose", "-types")).toEqual(found("loose"));
    },
  );

  it("says what to do about a plugin of another PDK", async () => {
    temp.write("older/node_modules/pluginserver/package.json", '{ "name": "pluginserver", "version": "0.9.0" }');
    temp.write("older/old.cjs", SOUND);
    const { code, stdout } = await runCli(["check", "older"], { cwd: temp.path });
    expect(code).toBe(1);
    expect(stdout.toString()).toContain(
      "(built with 0.9.0, server has 1.0.0): run npm install pluginserver@V beside it, V as pluginserver -version says on the server, or start",
    );
  });

  it("tells of response handlers that the named Kong never runs, and of optional records that make configurations invalid", async () => {
    temp.write(
      "responds/responds.cjs",
      `module.exports = { Plugin: class { response() {} certificate() {} }, Schema: [
        { limits: { type: "record", fields: [{ key: { type: "string", required: true } }] } },
        { sound: { type: "record", required: true, fields: [{ key: { type: "string", required: true } }] } },
        { filled: { type: "record", fields: [{ key: { type: "string", required: true, default: "x" } }] } },
        { deep: { type: "record", fields: [{ inner: { type: "record", required: true, fields: [{ key: { type: "number", required: true } }] } }] } } ] };`,
    );
    const warnings = async (...flags: string[]): Promise<string[]> => {
      const { stdout } = await runCli(["check", `${temp.path}/responds`, "-json", ...flags]);
      return (JSON.parse(stdout.toString()) as { plugins: { warnings: string[] }[] }).plugins[0]?.warnings ?? [];
    };
    const always: unknown[] = [
      expect.stringMatching(/certificate handler cannot refuse/),
      expect.stringMatching(
        /^config\.limits: is optional, but each configuration without it is invalid in Kong: key is required in it/,
      ),
      expect.stringMatching(/^config\.deep: .*: inner\.key is required in it/),
    ];
    expect(await warnings()).toEqual(always);
    expect(await warnings("-kong-version", "2.8")).toEqual(always);
    expect(await warnings("-kong-version", "2.0")).toEqual([
      ...always,
      "its response handler never runs: Kong 2.0 has no response phase",
    ]);
    const { stdout } = await runCli(["kong-conf", "-plugins-dir", `${temp.path}/responds`, "-kong-version", "2.0.5"]);
    expect(stdout.toString()).toContain("# Kong 2.0 has no response phase: the response handlers of responds never run.");
  });

  it("warns of a preread handler with the releases that let streams through without it, as kong-conf does", async () => {
    temp.write("streams/guard.cjs", `module.exports = { Plugin: class { preread() {} }, Schema: [], Version: "1.0.0" };`);
    for (const [version, isRun] of [
      ["3.0", true],
      ["3.1", false],
      ["3.4.2", false],
      ["3.5", true],
    ] as const) {
      const flags = ["-kong-version", version];
      const checked = (await runCli(["check", `${temp.path}/streams`, ...flags])).stdout.toString();
      const configured = (await runCli(["kong-conf", "-plugins-dir", `${temp.path}/streams`, ...flags])).stdout.toString();
      expect([version, checked.includes("its preread handler never runs")]).toEqual([version, !isRun]);
      expect([version, configured.includes("the preread handlers of guard never run.")]).toEqual([version, !isRun]);
    }
  });

  it.each([
    ["two directories", ["check", "a", "b"], 2],
    ["a directory that is not there", ["check", "nowhere"], 1],
  ])("answers %s with one line", async (_case, args, status) => {
    const { code, stderr } = await runCli(args, { cwd: temp.path });
    expect(code).toBe(status);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});
