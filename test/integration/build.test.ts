import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBuild, writeBuild, type BuildStamp } from "../../src/core/signing/index.js";
import { createTempDir, runCli, runPhase, startInstance, startServer, type TempDir, WireClient } from "../support/index.js";
import { refusals, writeKeys } from "./built-plugins.js";

/** It loads only where both names are one module, and type-checks only where both are known. */
const TWO_NAMES = `import { PdkError as First } from "pluginserver/pdk";
import { definePlugin, PdkError } from "pluginserver/kong";
const same: typeof First = PdkError;
if (same !== First) throw new Error("there are two");
export default definePlugin({ version: "1.0.0", access: async (kong) => { await kong.response.exit(200, String(same === First)); } });
`;

let temp: TempDir;
let built: string;

const path = (...parts: readonly string[]): string => join(temp.path, ...parts);

/** A folder with one built file, altered. */
function altered(name: string, alter: (text: string) => string): string {
  temp.write(`${name}/greet.mjs`, alter(readFileSync(built, "utf8")));
  return path(name);
}

/** The same code, with another stamp that fits it: what no editor makes by accident. */
function restamped(name: string, change: (stamp: BuildStamp) => object): string {
  const bytes = readFileSync(built);
  const reading = readBuild(bytes);
  if (reading.kind !== "built") throw new Error("not built");
  const code = bytes.toString().replace(/\/\/# pluginserver-stamp[^]*/, "");
  temp.write(`${name}/greet.mjs`, writeBuild(code, change(reading.stamp) as BuildStamp, undefined).toString());
  return path(name);
}

beforeAll(async () => {
  temp = createTempDir("build");
  writeKeys(temp, "ours");
  writeKeys(temp, "theirs");
  temp.write("src/node_modules/shout/package.json", '{ "name": "shout", "version": "1.0.0", "main": "index.js" }');
  temp.write(
    "src/node_modules/shout/index.js",
    `const fs = require("fs"); try { require("never-installed"); } catch (e) { exports.missing = e.code; }
     exports.shout = (text) => { if (!fs.existsSync(__dirname)) throw new Error("lost"); return text.toUpperCase(); };`,
  );
  temp.write("src/node_modules/shout/index.d.ts", "export const shout: (text: string) => string; export const missing: string;");
  temp.write("src/words.ts", 'export const GREETING: string = "good day";');
  temp.write(
    "src/greet.ts",
    `import { definePlugin } from "pluginserver/pdk";
import { missing, shout } from "shout";
import { GREETING } from "./words.js";

interface Answer { readonly text: string }

export default definePlugin({
  version: "1.2.3",
  priority: 5,
  async access(kong) {
    const host = await kong.request.getHeader("host");
    if (host === "fail") fail();
    const answer: Answer = { text: shout(GREETING) + " " + missing };
    await kong.response.setHeader("x-greet", answer.text);
  },
});

function fail(): never {
  throw new Error("it failed");
}
`,
  );
  const { code, stderr } = await runCli(["build", path("src/greet.ts"), "-out", path("out")]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  built = path("out/greet.mjs");
});

afterAll(() => temp.remove());

describe("pluginserver build", () => {
  it("makes one file that runs where nothing of its source is", async () => {
    expect(readdirSync(path("out"))).toEqual(["greet.mjs"]);
    temp.write("elsewhere/.keep", "");
    copyFileSync(built, path("elsewhere/greet.mjs"));
    const { stdout } = await runCli(["-plugins-dir", path("elsewhere"), "-dump", "greet"]);
    expect(JSON.parse(stdout.toString())).toMatchObject([{ Name: "greet", Version: "1.2.3", Priority: 5, Phases: ["access"] }]);

    const server = await startServer({ plugins: path("elsewhere"), prefix: temp.path });
    try {
      const client = await WireClient.connect(server.socketPath);
      const instance = await startInstance(client, "greet", {});
      const run = await runPhase(client, instance, "access", { answer: () => "example.com" });
      expect(run.calls.at(-1)).toEqual({ method: "kong.response.set_header", args: ["x-greet", "GOOD DAY MODULE_NOT_FOUND"] });
      await runPhase(client, instance, "access", { answer: () => "fail" });
      await client.close();
    } finally {
      await server.close();
    }
    // Where it was written, not where it was built.
    expect(server.stderr.join("\n")).toMatch(/at fail .*greet\.ts:19:9/);
  });

  it("gives the same bytes again", async () => {
    await runCli(["build", path("src/greet.ts"), "-out", path("again")]);
    expect(readFileSync(path("again/greet.mjs")).equals(readFileSync(built))).toBe(true);
  });

  it("takes pluginserver/kong and pluginserver/pdk as two names of one module, from sources, built, and as an executable", async () => {
    temp.write("names/names.ts", TWO_NAMES);
    expect(await refusals(path("names"))).toEqual([]);
    for (const flags of [[], ["-standalone"]]) {
      const { code, stderr } = await runCli(["build", ...flags, path("names/names.ts"), "-out", path("names-out")]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    }
    expect(readdirSync(path("names-out")).sort()).toEqual(["names", "names.mjs"]);
    expect(await refusals(path("names-out"))).toEqual([]);
  });

  it("builds CommonJS in kong-js-pdk's form to CommonJS", async () => {
    temp.write(
      "cjs/old.js",
      'const { join } = require("path"); class P { access() { join(__dirname); } } module.exports = { Plugin: P, Version: "0.3.0" };',
    );
    const { code } = await runCli(["build", path("cjs/old.js"), "-out", path("cjs-out")]);
    expect(code).toBe(0);
    expect(await refusals(path("cjs-out"))).toEqual([]);
    expect(readdirSync(path("cjs-out"))).toEqual(["old.cjs"]);
  });

  it.each<[string, string, RegExp]>([
    [
      "types that do not fit",
      'import { definePlugin } from "pluginserver/pdk";\nexport default definePlugin({ access(kong) { kong.response.setStatus("x"); } });',
      /bad\.ts\(2,\d+\): error TS2345/,
    ],
    [
      "a package that is missing",
      '// @ts-ignore\nimport "no-such-package";',
      /bad\.ts:2:\d+: Could not resolve "no-such-package"/,
    ],
    ["a syntax error", "export default {", /bad\.ts/],
    ["a module that is no plugin", "export const a = 1;", /it would not be served: the module is not a plugin/],
    [
      "a schema that Kong refuses",
      'export const New = () => ({ "": "x", access() {} });',
      /it would not be served: the gateway would refuse it: config/,
    ],
    ["a module that throws", 'throw new Error("no luck"); export {};', /it would not be served: no luck/],
    ["the test kit", '// @ts-ignore\nimport "pluginserver/testing";', /a plugin can have pluginserver\/pdk or/],
  ])("refuses %s, and leaves nothing behind", async (_case, text, reason) => {
    temp.write("bad/bad.ts", text);
    const { code, stdout, stderr } = await runCli(["build", path("bad/bad.ts"), "-out", path("bad-out")]);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(reason);
    expect(existsSync(path("bad-out")) ? readdirSync(path("bad-out")) : []).toEqual([]);
  });

  it("builds the others where one cannot be built", async () => {
    const { code, stdout, stderr } = await runCli(["build", "nowhere.ts", path("src/greet.ts"), "-out", path("some")]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("nowhere.ts does not exist") as string });
    expect(stdout.toString()).toMatch(/^greet 1\.2\.3: /);
  });

  it.each([
    ["nothing to build", ["build", "-out", "x"], 2],
    ["no place", ["build", "x.ts"], 2],
    ["a plugin that is not there", ["build", "nowhere.ts", "-out", "x"], 1],
    ["a key that is none", ["build", "src/greet.ts", "-out", "x", "-sign", "src/greet.ts"], 1],
  ])("answers %s with one line", async (_case, args, status) => {
    const { code, stderr } = await runCli(args, { cwd: temp.path });
    expect(code).toBe(status);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});

describe("a folder that cannot be made", () => {
  // Where Node.js itself tries for ever.
  const IN_PROC = "/proc/nowhere/deep";

  it.each([
    ["build", ["build", "greet.ts", "-out", IN_PROC]],
    ["bundle", ["bundle", "greet.ts", "-out", `${IN_PROC}/x.zip`]],
    ["init", ["init", `${IN_PROC}/name`]],
  ])("ends %s with one line", async (_command, args) => {
    const { code, stderr } = await runCli(args, { cwd: path("src") });
    expect([code, stderr.trim().split("\n")]).toEqual([1, [expect.stringContaining("/proc/nowhere")]]);
  });

  it("says what is in its place", async () => {
    const { code, stderr } = await runCli(["build", "greet.ts", "-out", "words.ts"], { cwd: path("src") });
    expect([code, stderr.trim().split("\n")]).toEqual([1, [expect.stringContaining("words.ts")]]);
  });
});

describe("a built file that is not as it was", () => {
  it.each<[string, (text: string) => string]>([
    ["a line behind it", (text) => `${text}console.log("evil");\n`],
    ["other code", (text) => text.replace("toUpperCase", "toLowerCase")],
    ["another source map", (text) => text.replace(/base64,./, "base64,A")],
    ["half of it missing", (text) => text.slice(0, text.length / 2)],
    ["its stamp stripped", (text) => text.replace(/\/\/# pluginserver-stamp[^]*/, "")],
    ["another version in its stamp", (text) => text.replace('"version":"1.2.3"', '"version":"9.9.9"')],
  ])("is refused with %s", async (what, alter) => {
    expect(await refusals(altered(`altered-${what.replaceAll(" ", "-")}`, alter))).toEqual([
      "greet.mjs: it is not what was built: altered, or not copied whole; build it again, or copy it anew",
    ]);
  });

  it("is refused for another PDK, another Node.js, another ABI, each with what to do", async () => {
    const [pdk] = await refusals(restamped("other-pdk", (stamp) => ({ ...stamp, api: "1.9.0" })));
    expect(pdk).toMatch(/failed to open plugin greet: .*built with 1\.9\.0, server has 1\.0\.0\): build it again/);
    const [node] = await refusals(restamped("other-node", (stamp) => ({ ...stamp, node: ">=99" })));
    expect(node).toMatch(/it was built for Node\.js >=99, and this is v\d+.*: use that, or build it again/);
    const native = { folder: "greet.native", sha256: "0", platform: `${process.platform}-${process.arch}` };
    const [abi] = await refusals(restamped("other-abi", (stamp) => ({ ...stamp, native: { ...native, abi: "1" } })));
    expect(abi).toMatch(/its native code was compiled for ABI 1 on .*install its packages with this Node\.js and build it again/);
    const here = { ...native, abi: process.versions.modules };
    const [gone] = await refusals(restamped("no-native", (stamp) => ({ ...stamp, native: here })));
    expect(gone).toContain("its native code is missing: copy the folder greet.native along with it");
  });

  it("is refused with the stamp of another version, with what to do", async () => {
    const [former] = await refusals(restamped("former-stamp", ({ api, ...stamp }) => ({ ...stamp, pdk: api })));
    expect(former).toBe(
      "greet.mjs: it was built by another version of pluginserver, whose stamp this one does not read: build it again",
    );
  });

  it("is served for a compatible PDK when the server is told so", async () => {
    const folder = restamped("older-pdk", (stamp) => ({ ...stamp, api: "1.0.0-rc.1" }));
    expect(await refusals(folder)).toHaveLength(1);
    expect(await refusals(folder, ["-pdk-match=compatible"])).toEqual([]);
  });

  it("runs with the server's own PDK, whatever lies beside it", async () => {
    temp.write(
      "beside/node_modules/pluginserver/package.json",
      '{ "name": "pluginserver", "version": "6.6.6", "exports": { "./pdk": "./evil.js" } }',
    );
    temp.write("beside/node_modules/pluginserver/evil.js", 'throw new Error("evil ran");');
    temp.write(
      "beside/tsconfig.json",
      '{ "compilerOptions": { "paths": { "pluginserver/pdk": ["./node_modules/pluginserver/evil.js"] } } }',
    );
    copyFileSync(built, path("beside/greet.mjs"));
    expect(await refusals(path("beside"))).toEqual([]);
  });

  it("keeps its name when its file is renamed", async () => {
    temp.write("renamed/.keep", "");
    copyFileSync(built, path("renamed/key-guard.mjs"));
    const { stdout } = await runCli(["-plugins-dir", path("renamed"), "-dump"]);
    expect(JSON.parse(stdout.toString())).toMatchObject([{ Name: "greet" }]);
  });
});

describe("-sign and -trust", () => {
  beforeAll(async () => {
    for (const key of ["ours", "theirs"]) {
      const { code, stdout } = await runCli([
        "build",
        path("src/greet.ts"),
        "-out",
        path(`by-${key}`),
        "-sign",
        path(`${key}.pem`),
      ]);
      expect(code).toBe(0);
      expect(stdout.toString()).toMatch(/signed with [0-9a-f]{16}/);
    }
  });

  it("loads what a trusted key signed, and only that", async () => {
    const trust = ["-trust", path("ours.pub")];
    expect(await refusals(path("by-ours"), trust)).toEqual([]);
    expect(await refusals(path("by-theirs"), trust)).toEqual([
      expect.stringMatching(/signed with the key [0-9a-f]{16}, which is not trusted \([0-9a-f]{16}\): /),
    ]);
    expect(await refusals(path("out"), trust)).toEqual([
      expect.stringMatching(/it is not signed, and with -trust only signed plugins run/),
    ]);
    expect(await refusals(path("by-theirs"), [...trust, "-trust", path("theirs.pub")])).toEqual([]);
  });

  it("does not take a signature for another file's", async () => {
    const signature = /\/\/# pluginserver-signature.*\n$/.exec(readFileSync(path("by-ours/greet.mjs"), "utf8"))?.[0] ?? "";
    const folder = restamped("borrowed", (stamp) => ({ ...stamp, version: "9.9.9" }));
    writeFileSync(join(folder, "greet.mjs"), readFileSync(join(folder, "greet.mjs"), "utf8") + signature);
    expect(await refusals(folder, ["-trust", path("ours.pub")])).toEqual([
      expect.stringMatching(/its signature was not made for it/),
    ]);
  });

  it("serves a signed plugin beside an unsigned one, which never runs", async () => {
    copyFileSync(path("by-ours/greet.mjs"), temp.write("mixed/greet.mjs", ""));
    temp.write(
      "mixed/stranger.cjs",
      `require("fs").writeFileSync(${JSON.stringify(path("evil-ran"))}, ""); module.exports = {};`,
    );
    temp.write("mixed/folder/package.json", '{ "main": "main.js" }');
    temp.write("mixed/folder/main.js", "module.exports = { Plugin: class { access() {} } };");
    const server = await startServer({ plugins: path("mixed"), prefix: temp.path, flags: ["-trust", path("ours.pub")] });
    try {
      const client = await WireClient.connect(server.socketPath);
      expect(await client.call("plugin.GetPluginInfo", "greet")).toMatchObject({ Name: "greet" });
      await expect(client.call("plugin.GetPluginInfo", "folder")).rejects.toThrow();
      await client.close();
    } finally {
      await server.close();
    }
    expect(server.stderr.join("\n")).toMatch(/plugin stranger is not served: .*not signed/);
    expect(existsSync(path("evil-ran"))).toBe(false);
  });

  it("reloads a signed file for a signed file, and keeps it when an altered one comes", async () => {
    copyFileSync(path("by-ours/greet.mjs"), temp.write("hot/greet.mjs", ""));
    temp.write(
      "next/greet.ts",
      readFileSync(path("src/greet.ts"), "utf8")
        .replace("1.2.3", "1.2.4")
        .replaceAll(/import \{ missing.*\n/g, "const missing = '', shout = (text: string) => text;\n"),
    );
    temp.write("next/words.ts", 'export const GREETING: string = "good night";');
    expect((await runCli(["build", path("next/greet.ts"), "-out", path("next-out"), "-sign", path("ours.pem")])).code).toBe(0);
    const server = await startServer({ plugins: path("hot"), prefix: temp.path, flags: ["-trust", path("ours.pub")] });
    try {
      // What changes before it was read is no change.
      await server.waitForLine(/serving 1 plugins/);
      const altered = readFileSync(path("by-ours/greet.mjs"), "utf8").replace("toUpperCase", "toLowerCase");
      writeFileSync(path("hot/greet.mjs"), altered);
      await server.waitForLine(/plugin greet is not reloaded, its former version goes on: .*it is not what was built/);
      renameSync(path("next-out/greet.mjs"), path("hot/greet.mjs"));
      await server.waitForLine(/plugin greet was reloaded/);
      const client = await WireClient.connect(server.socketPath);
      expect(await client.call("plugin.GetPluginInfo", "greet")).toMatchObject({ Version: "1.2.4" });
      await client.close();
    } finally {
      await server.close();
    }
  });
});
