// Owns checking that what is kept of plugins spares compiling and reading them, and never says anything but what that would.
import {
  chmodSync,
  chownSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTempDir, runCli, type TempDir } from "../support/index.js";

/** Another version each time that the module is read: not even the cache can know of this clock. */
const CLOCK = "`1.${process.hrtime.bigint()}`";
const NO_COMPILER = { ESBUILD_BINARY_PATH: "/bin/false" };

let temp: TempDir;

beforeEach(() => {
  temp = createTempDir("cache");
  mkdirSync(join(temp.path, "cache"));
});
afterEach(() => temp.remove());

const folder = (): string => join(temp.path, "cache/pluginserver/compiled");
const entries = (): string[] => readdirSync(folder()).map((name) => join(folder(), name));

function plugin(name: string, { version = CLOCK, imports = "", code = "" } = {}): void {
  temp.write(
    `plugins/${name}`,
    `${imports}
    import { definePlugin } from "pluginserver/pdk";
    ${code}
    const version: string = ${version};
    export default definePlugin({ version, priority: 5, schema: [], async access(kong) { await kong.log.info("x"); } });`,
  );
}

interface Dump {
  readonly versions: Readonly<Record<string, string>>;
  readonly stderr: string;
}

async function dump(env: Readonly<Record<string, string>> = {}, flags: readonly string[] = []): Promise<Dump> {
  const { stdout, stderr, code } = await runCli(["-plugins-dir", join(temp.path, "plugins"), "-dump-all-plugins", ...flags], {
    env: { XDG_CACHE_HOME: join(temp.path, "cache"), ...env },
  });
  expect(code, stderr).toBe(0);
  const plugins = JSON.parse(stdout.toString()) as { Name: string; Version: string }[];
  return { versions: Object.fromEntries(plugins.map(({ Name, Version }) => [Name, Version])), stderr };
}

/** Dumps twice, the second time without a compiler. */
async function warm(env: Readonly<Record<string, string>> = {}): Promise<Dump["versions"]> {
  const { versions } = await dump(env);
  expect(await dump({ ...env, ...NO_COMPILER })).toEqual({ versions, stderr: "" });
  return versions;
}

describe("a dump where nothing changed", () => {
  it("compiles nothing and reads no module", async () => {
    plugin("a.ts");
    plugin("b.ts", { imports: 'import { part } from "./lib/part.js";', version: `part + ${CLOCK}` });
    temp.write("plugins/lib/part.ts", "export const part: string = 'p';");
    expect(Object.keys(await warm())).toEqual(["a", "b"]);
  });

  it("compiles the one plugin that changed, and the others are what they were", async () => {
    plugin("a.ts");
    plugin("b.ts");
    const before = await warm();
    plugin("b.ts", { version: "'2.0.0'" });
    expect((await dump()).versions).toEqual({ a: before["a"], b: "2.0.0" });
  });

  it("prints again what plugins printed", async () => {
    plugin("a.ts", { code: "console.log('loaded');" });
    const first = await dump();
    const second = await dump(NO_COMPILER);
    expect(second.versions).toEqual(first.versions);
    expect(second.stderr).toContain("[a] loaded");
  });

  it("says again why a plugin does not compile, until one of its files has changed", async () => {
    plugin("a.ts");
    temp.write("plugins/broken.ts", 'import { part } from "./lib/part.js";\nimport "./none.js";\nexport default part;');
    temp.write("plugins/lib/part.ts", "export const part = {");
    const told = ({ stderr }: Dump): string => stderr.replace(/^\[[^\]]*\] /gm, "");
    const first = await dump();
    const second = await dump(NO_COMPILER);
    expect(told(first)).toContain("plugin broken is left out: ");
    expect({ versions: second.versions, told: told(second) }).toEqual({ versions: first.versions, told: told(first) });
    temp.write("plugins/lib/part.ts", "export const part = {};");
    expect(told(await dump())).toContain("none.js");
    temp.write("plugins/none.ts", "");
    expect(told(await dump())).not.toContain("none.js");
  });

  it("is made anew for each Node.js and its flags", async () => {
    plugin("a.ts");
    const before = await warm();
    expect((await dump({ NODE_OPTIONS: "--no-warnings" })).versions).not.toEqual(before);
    expect((await dump()).versions).toEqual(before);
  });
});

describe("what a plugin depends on", () => {
  /** `change` has to be seen. */
  async function expectChange(change: () => unknown, env: Readonly<Record<string, string>> = {}): Promise<void> {
    const before = await warm();
    change();
    const after = (await dump(env)).versions;
    expect(after).not.toEqual(before);
    // What is kept now is of what is there now.
    expect((await dump({ ...env, ...NO_COMPILER })).versions).toEqual(after);
  }

  const using = (from: string): void => plugin("a.ts", { imports: `import { v } from "${from}";`, version: "v" });

  it.each([
    ["a file that it imports", "lib/v.ts", "export const v = '2';"],
    ["a file that comes before the one it imports", "lib/v.js.ts", "export const v = '2';"],
    ["a configuration that comes nearer", "lib/tsconfig.json", '{"compilerOptions":{"paths":{"../other.js":["../other.ts"]}}}'],
  ])("%s", async (_what, path, text) => {
    plugin("a.ts", { imports: 'import { v } from "./lib/v.js";', version: `v + ${CLOCK}` });
    temp.write("plugins/lib/v.ts", "export const v = '1';");
    const before = await warm();
    temp.write(`plugins/${path}`, text);
    expect((await dump()).versions).not.toEqual(before);
  });

  it("JSON that it imports", async () => {
    plugin("a.ts", { imports: 'import data from "./lib/data.json";', version: "data.version" });
    temp.write("plugins/lib/data.json", '{"version":"1"}');
    await expectChange(() => temp.write("plugins/lib/data.json", '{"version":"2"}'));
  });

  it("a file behind a link, and the link", async () => {
    using("./lib/v.js");
    temp.write("one/v.ts", "export const v = '1';");
    temp.write("two/v.ts", "export const v = '2';");
    symlinkSync(join(temp.path, "one"), join(temp.path, "plugins/lib"));
    await expectChange(() => {
      unlinkSync(join(temp.path, "plugins/lib"));
      symlinkSync(join(temp.path, "two"), join(temp.path, "plugins/lib"));
    });
    await expectChange(() => temp.write("two/v.ts", "export const v = '3';"));
  });

  it("the tsconfig.json that says where its imports are, and what that extends", async () => {
    using("@part/v");
    temp.write("base.json", '{"compilerOptions":{"paths":{"@part/*":["./one/*"]}}}');
    temp.write("tsconfig.json", '{"extends":"./base"}');
    temp.write("one/v.ts", "export const v = '1';");
    temp.write("two/v.ts", "export const v = '2';");
    await expectChange(() => temp.write("base.json", '{"compilerOptions":{"paths":{"@part/*":["./two/*"]}}}'));
  });

  it("the package.json of its folder", async () => {
    temp.write("plugins/p/package.json", '{"main":"one.js"}');
    temp.write("plugins/p/one.js", "exports.Version = '1'; exports.New = () => ({ Access() {} });");
    temp.write("plugins/p/two.js", "exports.Version = '2'; exports.New = () => ({ Access() {} });");
    await expectChange(() => temp.write("plugins/p/package.json", '{"main":"two.js"}'));
  });

  it("a package, any file of it, and one that this needs", async () => {
    const manifest = (name: string, needs = "{}"): string =>
      `{"name":"${name}","version":"1.0.0","main":"main.js","dependencies":${needs}}`;
    temp.write("plugins/node_modules/outer/package.json", manifest("outer", '{"inner":"*"}'));
    temp.write("plugins/node_modules/outer/main.js", "exports.v = require('./part.js') + require('inner');");
    temp.write("plugins/node_modules/outer/part.js", "module.exports = 'part 1, ';");
    temp.write("plugins/node_modules/inner/package.json", manifest("inner"));
    temp.write("plugins/node_modules/inner/main.js", "module.exports = 'inner 1';");
    using("outer");
    await expectChange(() => temp.write("plugins/node_modules/outer/part.js", "module.exports = 'part 2, ';"));
    await expectChange(() => temp.write("plugins/node_modules/inner/main.js", "module.exports = 'inner 2';"));
    await expectChange(() => {
      temp.write("plugins/node_modules/outer/node_modules/inner/package.json", manifest("inner"));
      temp.write("plugins/node_modules/outer/node_modules/inner/main.js", "module.exports = 'inner 3';");
    });
  });

  it("variables that it reads, and no others", async () => {
    plugin("a.ts", { version: '`1.0.0-${process.env.REGION ?? "none"}`' });
    await expectChange(() => {}, { REGION: "north" });
    plugin("a.ts", { version: `${CLOCK} + "." + (process.env.REGION ?? "none")` });
    const before = await warm();
    expect((await dump({ OTHER: "1" })).versions).toEqual(before);
    expect((await dump({ REGION: "south" })).versions["a"]).toMatch(/south$/);
    expect((await dump({ REGION: "south" }, ["-env", "REGION"])).versions["a"]).toMatch(/none$/);
  });

  it.each([
    ["reads a file", 'import { readFileSync } from "node:fs";', 'readFileSync(process.env.FILE ?? "", "utf8")'],
    ["is loaded by name", 'import { createRequire } from "node:module";', 'createRequire("/")(process.env.FILE ?? "").v'],
  ])("one that %s is read each time", async (_what, imports, version) => {
    const file = temp.write("outside.cjs", "exports.v = '1';");
    plugin("a.ts", { imports, version });
    await dump({ FILE: file });
    temp.write("outside.cjs", "exports.v = '2';");
    expect((await dump({ FILE: file })).versions["a"]).toContain("2");
  });
});

describe("the folder", () => {
  it("is this user's alone", async () => {
    plugin("a.ts");
    await warm();
    expect(lstatSync(folder()).mode & 0o777).toBe(0o700);
    expect(entries().map((path) => lstatSync(path).mode & 0o777)).toEqual([0o600]);
  });

  it.each([
    ["cut short", (path: string) => truncateSync(path, lstatSync(path).size - 1)],
    ["cut to its head", (path: string) => truncateSync(path, 200)],
    ["empty", (path: string) => truncateSync(path, 0)],
    ["something else", (path: string) => writeFileSync(path, "{}")],
    ["changed at its end", (path: string) => flip(path, -10)],
    ["changed in its head", (path: string) => flip(path, 400)],
    ["changed at its start", (path: string) => flip(path, 30)],
    ["a folder", (path: string) => replace(path, () => mkdirSync(path))],
    ["a link to another", (path: string) => replace(path, (former) => symlinkSync(former, path))],
  ])("may have an entry that is %s", async (_what, spoil) => {
    plugin("a.ts", { version: "'1.0.0'" });
    await warm();
    for (const path of entries()) spoil(path);
    // A dump reads no code, so it may take what is right: nothing is an error, and nothing is wrong.
    expect(await dump()).toEqual({ versions: { a: "1.0.0" }, stderr: "" });
    plugin("a.ts", { version: "'2.0.0'" });
    expect((await dump()).versions).toEqual({ a: "2.0.0" });
  });

  it("may have an entry of another plugin under the name of this one", async () => {
    plugin("a.ts", { version: "'1'" });
    await warm();
    const [ofA = ""] = entries();
    plugin("b.ts", { version: "'2'" });
    await warm();
    const [ofB = ""] = entries().filter((path) => path !== ofA);
    copyFileSync(ofA, ofB);
    expect((await dump()).versions).toEqual({ a: "1", b: "2" });
  });

  it.runIf(process.getuid?.() === 0)("of another user is not used, nor an entry of theirs", async () => {
    plugin("a.ts");
    const before = await warm();
    for (const path of entries()) chownSync(path, 12345, 12345);
    const after = await warm();
    expect(after).not.toEqual(before);
    for (const path of [folder(), dirname(folder())]) {
      chownSync(path, 12345, 12345);
      const first = await dump({}, ["-verbose"]);
      expect(first.stderr).toContain("compiled plugins are not kept for the next start");
      expect(first.versions).not.toEqual(after);
      chownSync(path, 0, 0);
    }
  });

  it.each([
    ["open to others", (path: string) => chmodSync(path, 0o755)],
    ["a link", (path: string) => replace(path, (former) => symlinkSync(former, path))],
    ["a file", (path: string) => replace(path, () => writeFileSync(path, ""))],
  ])("that is %s is not used", async (_what, spoil) => {
    plugin("a.ts");
    const before = await warm();
    spoil(folder());
    const { versions, stderr } = await dump({}, ["-verbose"]);
    expect(versions).not.toEqual(before);
    expect(stderr).toContain("compiled plugins are not kept for the next start");
  });

  it("that cannot be made is done without, in silence", async () => {
    plugin("a.ts");
    const place = { XDG_CACHE_HOME: "/proc/none" };
    const first = await dump(place);
    expect(first.stderr).toBe("");
    expect((await dump(place)).versions).not.toEqual(first.versions);
  });

  it("may be used by several at once", async () => {
    for (let index = 0; index < 5; index += 1) plugin(`p${index}.ts`, { version: `'${index}'` });
    const all = await Promise.all([dump(), dump(), dump()]);
    const versions = { p0: "0", p1: "1", p2: "2", p3: "3", p4: "4" };
    expect(all.map((each) => each.versions)).toEqual([versions, versions, versions]);
    expect(await dump(NO_COMPILER)).toEqual({ versions, stderr: "" });
    expect(entries()).toHaveLength(5);
  });
});

function replace(path: string, make: (former: string) => void): void {
  const former = `${path}-former`;
  renameSync(path, former);
  make(former);
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  const index = at < 0 ? bytes.length + at : at;
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

describe("the command line of a dump where nothing changed", () => {
  it.each([
    ["one", ["-dump", "a"], '[{"Name":"a"'],
    ["one, with =", ["-dump=a"], '[{"Name":"a"'],
    ["with flags of the server", ["-kong-prefix", "/tmp", "-event-timeout", "5s", "-no-watch", "-dump", "a"], '[{"Name":"a"'],
    ["in ProtoBuf:1", ["-protocol", "ProtoBuf:1", "-dump", "a"], '{"Protocol":"ProtoBuf:1","Plugins":[{"Name":"a"'],
    ["all, by -dump alone", ["-dump"], '[{"Name":"a"'],
    ["as MessagePack", ["-dump-plugin-info", "a"], "Name"],
  ])("%s", async (_what, flags, start) => {
    plugin("a.ts");
    const command = ["-plugins-dir", join(temp.path, "plugins"), ...flags];
    const env = { XDG_CACHE_HOME: join(temp.path, "cache") };
    const first = await runCli(command, { env });
    const second = await runCli(command, { env: { ...env, ...NO_COMPILER } });
    const times = /"(ModTime|LoadTime)":\d+/g;
    expect(second.stderr).toBe("");
    expect(first.stdout.toString()).toContain(start);
    if (!flags.includes("-dump-plugin-info"))
      expect(second.stdout.toString().replace(times, "")).toBe(first.stdout.toString().replace(times, ""));
  });

  it("is refused as ever where it is wrong", async () => {
    plugin("a.ts");
    await warm();
    const directory = ["-plugins-dir", join(temp.path, "plugins")];
    for (const [flags, text] of [
      [["-dump", "b"], "there is no plugin b; there are: a"],
      [["-dump", "a", "-dump-all-plugins"], "are different commands"],
      [["-dump", "a", "-pdk-match", "loose"], "-pdk-match"],
      [["-dump", "a", "-nonsense"], "nonsense"],
    ] as const) {
      const { code, stderr } = await runCli([...directory, ...flags], { env: { XDG_CACHE_HOME: join(temp.path, "cache") } });
      expect(code).not.toBe(0);
      expect(stderr).toContain(text);
    }
  });
});
