// Plugins built as executables, copied to where nothing else is, and asked and served there as a gateway does it.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  connectPeer,
  createTempDir,
  type Peer,
  PROTOCOLS,
  runCli,
  type RunningServer,
  runPhase,
  startInstance,
  startProgram,
  type TempDir,
} from "../support/index.js";

const PROGRAMS = fileURLToPath(new URL("../fixtures/programs", import.meta.url));
const EXAMPLE = fileURLToPath(new URL("../../plugins-dir/hello.ts", import.meta.url));
/** What a gateway may start it with. */
const ENVIRONMENT = { PATH: [dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter) };

let temp: TempDir;
let server: RunningServer | undefined;
let peer: Peer | undefined;

const path = (...parts: readonly string[]): string => join(temp.path, ...parts);
const build = (...argv: readonly string[]): ReturnType<typeof runCli> =>
  runCli(["build", "-standalone", "-out", path("out"), ...argv]);

/** An executable alone in a folder of its own. */
function installed(name: string, folder: string): string {
  mkdirSync(path(folder), { recursive: true });
  copyFileSync(path("out", name), path(folder, name));
  return path(folder, name);
}

const run = (file: string, argv: readonly string[], env: NodeJS.ProcessEnv = ENVIRONMENT): ReturnType<typeof spawnSync> =>
  spawnSync(file, argv, { cwd: dirname(file), env, encoding: "utf8" });

async function start(
  file: string,
  name: string,
  flags: readonly string[] = [],
  protocol: (typeof PROTOCOLS)[number] = "MsgPack:1",
): Promise<Peer> {
  const socketPath = join(dirname(file), `${name}.socket`);
  const command = [file, "-kong-prefix", dirname(file), ...flags] as const;
  server = await startProgram({ command, socketPath, cwd: dirname(file), env: ENVIRONMENT });
  peer = await connectPeer(protocol, socketPath);
  return peer;
}

beforeAll(async () => {
  temp = createTempDir("standalone");
  temp.write("src/node_modules/shout/package.json", '{ "name": "shout", "version": "1.0.0", "main": "index.js" }');
  temp.write(
    "src/node_modules/shout/index.js",
    `const fs = require("fs"); try { require("never-installed"); } catch (e) { exports.missing = e.code; }
     exports.shout = (text) => { if (!fs.existsSync(__dirname)) throw new Error("lost"); return text.toUpperCase(); };`,
  );
  temp.write("src/node_modules/shout/index.d.ts", "export const shout: (text: string) => string; export const missing: string;");
  temp.write("src/words.mts", 'export const GREETING: string = await Promise.resolve("good day");');
  temp.write(
    "src/greet.mts",
    `import { threadId } from "node:worker_threads";
import { definePlugin, PdkError } from "pluginserver/pdk";
import { missing, shout } from "shout";
import { GREETING } from "./words.mjs";

console.log("greet is being loaded");
if (process.env["REFUSE"] !== undefined) throw new Error("refused in this environment");

export default definePlugin({
  version: "1.2.3",
  priority: 5,
  async access(kong) {
    const host = await kong.request.getHeader("host");
    if (host === "fail") fail();
    await kong.response.setHeader("x-greet", shout(GREETING) + " " + missing + " " + typeof PdkError);
    await kong.response.setHeader("x-thread", String(threadId));
  },
});

function fail(): never {
  throw new Error("it failed");
}
`,
  );
  temp.write(
    "old.js",
    `counter = 0; // sloppy, as CommonJS may be
     class P { access(kong) { counter += 1; return kong.response.setHeader("x-count", String(counter)); } }
     module.exports = { Plugin: P, Version: "0.3.0", Priority: 2 };`,
  );
  temp.write(
    "gone.mjs",
    `if (process.env["HANG"] !== undefined) await new Promise(() => {});
     export const Version = "2.0.0"; export const New = () => ({ word: "x", async Access() {} });`,
  );
  const { code, stderr } = await build(
    path("src/greet.mts"),
    path("old.js"),
    path("gone.mjs"),
    join(PROGRAMS, "greeter.mjs"),
    EXAMPLE,
  );
  expect({ code, stderr: stderr.replaceAll(/^.*loaded\n/gm, "") }).toEqual({ code: 0, stderr: "" });
}, 150_000);
afterEach(async () => {
  await peer?.close();
  await server?.close();
  peer = server = undefined;
});
afterAll(() => temp.remove());

describe("pluginserver build -standalone", () => {
  it("makes one executable per plugin, and leaves nothing else", () => {
    expect(readdirSync(path("out")).sort()).toEqual(["gone", "greet", "greeter", "hello", "old"]);
    expect(statSync(path("out/greet")).mode & 0o777).toBe(0o755);
    expect(readFileSync(path("out/greet"), "utf8")).toMatch(
      /^#!\/usr\/bin\/env node\n\/\/ greet 1\.2\.3, built by pluginserver \d/,
    );
  });

  it("gives the same bytes again, wherever they go", async () => {
    const { stdout } = await runCli(["build", "-standalone", path("src/greet.mts"), "-out", path("again/and again")]);
    expect(stdout.toString()).toMatch(/^greet 1\.2\.3: .*again\/and again\/greet \(executable, PDK [\d.]+, \d+ KB\)\n$/);
    expect(readFileSync(path("again/and again/greet")).equals(readFileSync(path("out/greet")))).toBe(true);
  }, 150_000);

  it("has in it what serves one plugin, and nothing of what compiles or tries out", () => {
    const text = readFileSync(path("out/hello"), "utf8");
    const map: unknown = JSON.parse(Buffer.from(text.slice(text.lastIndexOf("base64,") + 7), "base64").toString());
    const { sources } = map as { sources: string[] };
    const packages = new Set(sources.map((source) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1]));
    for (const needed of ["pluginserver", "pino", "protobufjs"]) expect(packages).toContain(needed);
    for (const other of ["esbuild", "piscina", "commander", "msgpack5", "@bufbuild/protobuf", "semver"]) {
      expect(packages).not.toContain(other);
    }
    const folders = new Set(
      sources.map((source) => /node_modules\/pluginserver\/src\/((?:(?:core|apps|gateways\/[^/]+)\/)?[^/]+)/.exec(source)?.[1]),
    );
    for (const other of ["build", "apps/cli", "gateways/kong/standin", "core/signing", "apps/testing"])
      expect(folders).not.toContain(other);
    // Two thirds of it are what -metrics, -otlp and -statsd load; -config reads YAML, -tyk-apps watches a folder.
    expect(text.length).toBeLessThan(4_300_000);
    expect(text).not.toContain(temp.path);
  });
});

describe("an executable, alone in a folder", () => {
  it("dumps its plugin and prints nothing else on stdout", () => {
    const file = installed("greet", "dump");
    const { status, stdout, stderr } = run(file, ["-dump", "-kong-prefix", "/kong"]);
    expect(status).toBe(0);
    expect(JSON.parse(String(stdout))).toMatchObject({
      Protocol: "MsgPack:1",
      SocketPath: "/kong/greet.socket",
      Plugins: [{ Name: "greet", Version: "1.2.3", Priority: 5, Phases: ["access"] }],
    });
    expect(String(stderr)).toContain("greet is being loaded");
    expect(readdirSync(path("dump"))).toEqual(["greet"]);
  });

  it.each(PROTOCOLS)("serves %s, with its packages, and names the sources in stacks", async (protocol) => {
    const client = await start(installed("greet", `serve-${protocol.slice(0, 3)}`), "greet", [], protocol);
    const id = await startInstance(client, "greet", {});
    const { calls, end } = await runPhase(client, id, "access", { answer: () => "example.com" });
    expect(end).toBe("ret");
    expect(calls[1]).toEqual({ method: "kong.response.set_header", args: ["x-greet", "GOOD DAY MODULE_NOT_FOUND function"] });
    expect((await runPhase(client, id, "access", { answer: () => "fail" })).end).toBe("exit");
    await server?.waitForLine(/at fail \(.*greet\.mts:21:9\)/);
  });

  it("runs itself in isolates", async () => {
    const client = await start(installed("greet", "threads"), "greet", ["-threads", "2"]);
    const threads = new Set<unknown>();
    for (const id of [await startInstance(client, "greet", {}), await startInstance(client, "greet", {})]) {
      const { calls } = await runPhase(client, id, "access", { answer: () => "example.com" });
      threads.add(calls.at(-1)?.args[1]);
      expect((await runPhase(client, id, "access", { answer: () => "fail" })).end).toBe("exit");
    }
    await server?.waitForLine(/at fail \(.*greet\.mts:21:9\)/);
    expect(threads.size).toBe(2);
    expect(threads).not.toContain("0");
    // What it prints while it loads is a line of the log, and no more than that.
    expect(server?.lines.filter((line) => line.includes("[greet] greet is being loaded"))).toHaveLength(2);
    expect(server?.lines.join("\n")).not.toContain("uncaught");
  });

  it.each(["module", "commonjs"])("runs below a package.json of type %s", async (type) => {
    temp.write(`${type}/package.json`, JSON.stringify({ type }));
    const client = await start(installed("greet", type), "greet", ["-threads", "1"]);
    const { end } = await runPhase(client, await startInstance(client, "greet", {}), "access", { answer: () => "a" });
    expect(end).toBe("ret");
  });

  it("has the name of its file where the plugin states none, also behind a link", () => {
    const file = installed("gone", "names");
    copyFileSync(file, path("names/other"));
    symlinkSync(file, path("names/third"));
    for (const name of ["other", "third"]) {
      expect(JSON.parse(String(run(path("names", name), ["-dump"]).stdout))).toMatchObject({ Plugins: [{ Name: name }] });
    }
  });

  it("ends with status 1 and the reason where its plugin does not load", () => {
    const { status, stdout, stderr } = run(installed("greet", "refuse"), ["-dump"], { ...ENVIRONMENT, REFUSE: "1" });
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(String(stderr)).toMatch(/Error: refused in this environment\n.*greet\.mts:7:/);
  });

  it("ends with status 1 where its plugin never gets to the end of its module", () => {
    const { status, stdout, stderr } = run(installed("gone", "hang"), ["-dump"], { ...ENVIRONMENT, HANG: "1" });
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(String(stderr)).toMatch(/hang\/gone: nothing goes on, and its plugin still awaits something at its top level\n$/);
  });

  it("is sloppy where its CommonJS is", async () => {
    const client = await start(installed("old", "old"), "old");
    const { calls } = await runPhase(client, await startInstance(client, "old", {}), "access");
    expect(calls).toEqual([{ method: "kong.response.set_header", args: ["x-count", "1"] }]);
  });

  it("serves a plugin that calls startServer itself, once", async () => {
    const client = await start(installed("greeter", "greeter"), "greeter");
    const { calls } = await runPhase(client, await startInstance(client, "greeter", {}), "access", { answer: () => "a" });
    expect(calls.at(-1)).toEqual({ method: "kong.response.set_header", args: ["x-greeting", "hello a"] });
    expect(server?.lines.filter((line) => line.includes("is listening on"))).toHaveLength(1);
  });
});

describe("what cannot be one file is refused", () => {
  it("native code", async () => {
    temp.write("native/node_modules/fast/package.json", '{ "name": "fast", "main": "index.js" }');
    temp.write("native/node_modules/fast/index.js", "module.exports = 1;");
    temp.write("native/node_modules/fast/build/fast.node", "");
    temp.write(
      "native/quick.js",
      `const fast = require("fast"); module.exports = { Plugin: class { access() { return fast; } }, Version: "1.0.0" };`,
    );
    const { code, stdout, stderr } = await build(path("native/quick.js"));
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(
      /it cannot be one file: fast has native code, which Node\.js loads from files: build it without -standalone/,
    );
  });

  it("a plugin that no gateway would take, and one whose types do not fit", async () => {
    temp.write("bad/off.mjs", 'export const Name = "off"; export const New = () => ({ async Access() {} });');
    temp.write("bad/typed.ts", 'const count: number = "one"; export const New = () => ({ count, async Access() {} });');
    const { code, stderr } = await build(path("bad/off.mjs"), path("bad/typed.ts"));
    expect(code).toBe(1);
    expect(stderr).toMatch(/off\.mjs: it would not be served: .*the name off has another meaning/);
    expect(stderr).toMatch(/typed\.ts: its types do not fit/);
    expect(readdirSync(path("out"))).not.toContain("off");
  });

  it("a signature", async () => {
    const { code, stderr } = await build(path("old.js"), "-sign", path("key.pem"));
    expect(code).toBe(2);
    expect(stderr).toMatch(/-sign is not for -standalone and -executable: a gateway starts an executable as it is/);
  });
});
