// Owns checking the command line: what an operator and Kong's configuration get to see of the binary.
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import createCodec from "msgpack5";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BINARY, createTempDir, isRecord, runCli, startProgram, startServer, WireClient } from "../support/index.js";

const fixtures = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const PHASES = fixtures("phases");
const temp = createTempDir("cli");

/** The one line a user sees for a mistake of theirs. */
function expectOneLine(stderr: string): void {
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(stderr).not.toMatch(/^\s+at |node:internal/m);
}

function parseDump(stdout: Buffer): Record<string, unknown>[] {
  const dump: unknown = JSON.parse(stdout.toString());
  if (!Array.isArray(dump) || !dump.every(isRecord)) throw new Error(`no list of plugins: ${stdout.toString()}`);
  return dump;
}

beforeAll(() => {
  mkdirSync(join(temp.path, "former"));
  temp.write("plugins/good.cjs", "module.exports = { Plugin: class { access() {} }, Version: '1', Priority: 1, Schema: [] };");
  temp.write("plugins/broken.cjs", "module.exports = {;");
  temp.write("plugins/no-phase.cjs", "module.exports = { Plugin: class { helper() {} }, Version: '1', Schema: [] };");
  temp.write("plugins/folder/package.json", '{"main": "main.js"}');
  temp.write("plugins/folder/main.js", "module.exports = { Plugin: class { log() {} }, Version: '3', Priority: 2 };");
  temp.write("plugins/.hidden.cjs", "throw new Error('loaded a dot file');");
  temp.write("plugins/node_modules/x/index.js", "throw new Error('loaded node_modules');");
  temp.write("plugins/types.d.ts", "export declare const a: number;");
  temp.write("a-file", "");
});

afterAll(() => temp.remove());

describe("-dump-all-plugins", () => {
  it("describes every plugin the way a gateway reads it", async () => {
    const { code, stdout, stderr } = await runCli(["-plugins-directory", PHASES, "-dump-all-plugins"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const dump = parseDump(stdout);
    expect(dump.map((info) => info["Name"]).sort()).toEqual([
      "asks",
      "every-phase",
      "go-style",
      "hello",
      "mixed",
      "status",
      "transform",
      "waits",
    ]);
    expect(dump.find((info) => info["Name"] === "hello")).toMatchObject({
      Phases: ["access"],
      Version: "0.1.0",
      Priority: 7,
      Schema: {
        name: "hello",
        fields: [{ config: { type: "record", fields: [{ message: { type: "string" } }] } }],
      },
    });
  });

  it("never announces header_filter or body_filter, and gives the phases their names", async () => {
    const { stdout } = await runCli(["-plugins-directory", PHASES, "-dump", "every-phase"]);
    const phases = parseDump(stdout)[0]?.["Phases"];
    expect([...(phases as string[])].sort()).toEqual(["access", "certificate", "log", "preread", "response", "rewrite"]);
  });

  it("takes the Go form's fields for the schema", async () => {
    const { stdout } = await runCli(["-plugins-directory", PHASES, "-dump", "go-style"]);
    const [info] = parseDump(stdout);
    expect(info).toMatchObject({ Name: "go-style", Version: "0.2", Priority: 3, Phases: ["access"] });
    const schema = JSON.stringify(info?.["Schema"]);
    for (const field of ["Message", "Count", "Enabled"]) expect(schema).toContain(`{"${field}":{"type":`);
  });

  it("keeps stdout clean whatever plugins print while they load", async () => {
    const { code, stdout, stderr } = await runCli(["-plugins-directory", fixtures("output"), "-dump-all-plugins"]);
    expect(code).toBe(0);
    expect(
      parseDump(stdout)
        .map((info) => info["Name"])
        .sort(),
    ).toEqual(["chatty", "quiet", "responds"]);
    expect(stderr).toContain("chatty: console.log at load");
    expect(stderr).toContain("chatty: stdout at load, no newline");
  });

  it("leaves out what does not load, says why and where, and dumps the others", async () => {
    const { code, stdout, stderr } = await runCli(["-plugins-directory", join(temp.path, "plugins"), "-dump-all-plugins"]);
    expect(code).toBe(0);
    expect(
      parseDump(stdout)
        .map((info) => info["Name"])
        .sort(),
    ).toEqual(["folder", "good"]);
    expect(stderr).toMatch(/broken\.cjs:1/);
    expect(stderr).toMatch(/no-phase/);
    expect(stderr).not.toMatch(/dot file|node_modules\/x|types\.d/);
  });
});

describe("-dump", () => {
  it("gives a list of exactly the plugin named", async () => {
    const { code, stdout } = await runCli(["-plugins-dir", PHASES, "-dump", "status"]);
    expect(code).toBe(0);
    expect(parseDump(stdout).map((info) => info["Name"])).toEqual(["status"]);
  });

  it("gives all without a name", async () => {
    const { code, stdout } = await runCli(["-plugins-dir", PHASES, "-dump"]);
    expect(code).toBe(0);
    expect(parseDump(stdout)).toHaveLength(8);
  });

  it("fails for a plugin that is not there, with its name", async () => {
    const { code, stdout, stderr } = await runCli(["-plugins-dir", PHASES, "-dump", "nowhere"]);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 1, stdout: "" });
    expectOneLine(stderr);
    expect(stderr).toContain("nowhere");
  });
});

describe("-dump-plugin-info", () => {
  it("gives one MessagePack object, equal to the entry of the JSON dump", async () => {
    const { code, stdout } = await runCli(["-plugins-directory", PHASES, "-dump-plugin-info", "hello"]);
    expect(code).toBe(0);
    const info: unknown = createCodec().decode(stdout);
    const { stdout: json } = await runCli(["-plugins-directory", PHASES, "-dump", "hello"]);
    const [entry] = parseDump(json);
    // Each command loads the plugin anew.
    expect(info).toMatchObject({ ...entry, LoadTime: expect.any(Number) as number });
  });

  it("fails for a plugin that is not there", async () => {
    const { code, stdout, stderr } = await runCli(["-plugins-directory", PHASES, "-dump-plugin-info", "nowhere"]);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 1, stdout: "" });
    expectOneLine(stderr);
  });

  it("fails for a plugin that does not load, with the reason", async () => {
    const { code, stderr } = await runCli(["-plugins-directory", join(temp.path, "plugins"), "-dump-plugin-info", "broken"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/broken/);
    expect(stderr).toMatch(/Unexpected|Expected|SyntaxError/);
  });
});

describe("flags", () => {
  it("-version prints two lines", async () => {
    const { code, stdout } = await runCli(["-version"]);
    expect(code).toBe(0);
    expect(stdout.toString()).toMatch(/^Version: \S+\nRuntime Version: .+\n$/);
  });

  it.each([["-help"], ["--help"], ["-h"]])("%s names the flags and exits with 0", async (flag) => {
    const { code, stdout, stderr } = await runCli([flag]);
    expect(code).toBe(0);
    for (const name of ["kong-prefix", "plugins-dir", "dump-all-plugins", "socket-mode"]) {
      expect(stdout.toString() + stderr).toContain(name);
    }
  });

  it.each([
    ["-plugins-dir D", ["-plugins-dir", PHASES, "-dump", "hello"]],
    ["-plugins-dir=D", [`-plugins-dir=${PHASES}`, "-dump=hello"]],
    ["--plugins-dir D", ["--plugins-dir", PHASES, "--dump", "hello"]],
    ["--plugins-dir=D", [`--plugins-dir=${PHASES}`, "--dump=hello"]],
    ["-plugins-directory D", ["-plugins-directory", PHASES, "-dump", "hello"]],
    ["--plugins-directory=D", [`--plugins-directory=${PHASES}`, "-dump", "hello"]],
    ["a boolean with =true", ["-plugins-directory", PHASES, "-dump-all-plugins=true"]],
    ["-kong-prefix beside it", ["-kong-prefix", "/nowhere/at/all", "-plugins-directory", PHASES, "-dump", "hello"]],
  ])("takes %s", async (_style, args) => {
    const { code, stdout, stderr } = await runCli(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(parseDump(stdout).map((info) => info["Name"])).toContain("hello");
  });

  it.each([
    ["an unknown flag", ["-no-such-flag"]],
    ["an unknown flag with a value", ["-plugins-dir", PHASES, "--no-such-flag=1"]],
    ["a value that is missing", ["-plugins-dir"]],
    ["a number that is none", ["-plugins-dir", PHASES, "-threads", "many"]],
    ["a log level that is none", ["-plugins-dir", PHASES, "-log-level", "shouting"]],
    ["an unknown command", ["no-such-command"]],
  ])("answers %s with one line and status 2", async (_case, args) => {
    const { code, stdout, stderr } = await runCli(args);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 2, stdout: "" });
    expectOneLine(stderr);
  });

  it.each([
    ["a directory that is missing", ["-plugins-dir", "/no/such/directory", "-dump-all-plugins"], /no\/such\/directory/],
    ["a directory that is a file", ["-plugins-dir", join(temp.path, "a-file"), "-dump-all-plugins"], /a-file/],
    ["the same when it serves", ["-kong-prefix", temp.path, "-plugins-dir", "/no/such/directory"], /no\/such\/directory/],
    [
      "a prefix that cannot be written",
      ["-kong-prefix", join(temp.path, "a-file/below"), "-plugins-dir", PHASES],
      /a-file\/below/,
    ],
  ])("answers %s with one line and status 1", async (_case, args, named) => {
    const { code, stdout, stderr } = await runCli(args);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 1, stdout: "" });
    expectOneLine(stderr);
    expect(stderr).toMatch(named);
  });
});

describe("a start command of another server, with this one's name", () => {
  const prefix = join(temp.path, "former");

  it.each([
    ["kong-js-pluginserver's", ["-p", prefix, "-v", "--plugins-directory", PHASES], "js_pluginserver.sock"],
    ["go-pluginserver's", ["-kong-prefix", prefix, "-plugins-directory", PHASES], "go_pluginserver.sock"],
  ])("%s serves where that one did, and goes on", async (_server, args, name) => {
    const socketPath = join(prefix, name);
    const server = await startProgram({ command: [BINARY, ...args], socketPath });
    try {
      const client = await WireClient.connect(socketPath);
      expect(await client.call("plugin.GetPluginInfo", "hello")).toMatchObject({ Name: "hello" });
      await client.close();
    } finally {
      expect(await server.close()).toEqual({ code: 0, signal: null });
    }
  });

  it("a program of kong-js-pdk or go-pdk is asked and refused with the same flags", async () => {
    const plugin = join(temp.path, "plugins/good.cjs");
    const { code, stdout } = await runCli(["run", plugin, "-v", "-p", prefix, "--sock-name", "a.sock", "--dump"]);
    expect({ code, dump: JSON.parse(stdout.toString()) as unknown }).toMatchObject({
      code: 0,
      dump: { SocketPath: join(prefix, "a.sock") },
    });
    const version = await runCli(["run", plugin, "-version"]);
    expect(version.stdout.toString()).toMatch(/^Version: 1\nPDK Version: \S+\nRuntime Version: node v\S+\n$/);
    const refused = await runCli(["run", plugin, "-d", PHASES]);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("flag provided but not defined: -") as string });
  });
});

describe("a dump that nobody can get", () => {
  it.each([
    ["a closed stdout", ">&-"],
    ["a full disk", ">/dev/full"],
    ["a reader that has gone", "| true"],
  ])("fails with %s", async (_case, redirect) => {
    for (const flag of ["-dump-all-plugins", "-version", "-dump-plugin-info hello"]) {
      const script = `{ "$0" -plugins-dir "$1" ${flag}; echo "status $?" >&2; } ${redirect}`;
      const { stderr } = await runCli(["-c", script, BINARY, PHASES], { binary: "/bin/sh" });
      expect(stderr).toMatch(/pluginserver: cannot write to stdout: .*\nstatus 1\n$/);
    }
  });
});

describe("where it is started from", () => {
  it("dumps through a symlink, from another directory, with a relative plugins directory", async () => {
    const link = join(temp.path, "my-plugins");
    symlinkSync(BINARY, link);
    const again = join(temp.path, "link-to-link");
    symlinkSync("my-plugins", again);
    const { code, stdout, stderr } = await runCli(["-plugins-dir", "plugins", "-dump", "good"], {
      binary: again,
      cwd: temp.path,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining("good") as string });
    expect(parseDump(stdout).map((info) => info["Name"])).toEqual(["good"]);
  });

  it("serves through a symlink, from another directory, on the socket asked for", async () => {
    const link = join(temp.path, "serve-link");
    symlinkSync(BINARY, link);
    const socket = join(temp.path, "own.sock");
    const server = await startServer({
      plugins: "plugins",
      prefix: temp.path,
      flags: ["-socket", socket],
      binary: link,
      cwd: temp.path,
    });
    try {
      const client = await WireClient.connect(socket);
      expect(client.pid).toBe(server.pid);
      expect(await client.call("plugin.GetPluginInfo", "good")).toMatchObject({ Name: "good" });
      await client.close();
    } finally {
      expect(await server.close()).toEqual({ code: 0, signal: null });
    }
  });
});
