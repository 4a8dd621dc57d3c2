// A plugin as a program of its own: its command line, its socket, and its faults, in the thread of the socket and in isolates.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Answer,
  BINARY,
  connectPeer,
  createTempDir,
  type Peer,
  runCli,
  type RunningServer,
  runPhase,
  startInstance,
  startProgram,
  type TempDir,
  type TestProtocol,
  WireClient,
} from "../support/index.js";

const PROGRAMS = fileURLToPath(new URL("../fixtures/programs", import.meta.url));
const GREETER = join(PROGRAMS, "greeter.mjs");
const COUNTER = join(PROGRAMS, "counter.mjs");
const HELLO = fileURLToPath(new URL("../../plugins-dir/hello.ts", import.meta.url));

let temp: TempDir;
let prefix: string;
let server: RunningServer | undefined;
let client: Peer | undefined;

beforeEach(() => {
  temp = createTempDir("emb");
  prefix = join(temp.path, "prefix");
  mkdirSync(prefix);
});

afterEach(async () => {
  await client?.close();
  await server?.close();
  [client, server] = [undefined, undefined];
  temp.remove();
});

const node = (args: readonly string[]) => runCli(args, { binary: process.execPath });

describe("the command line", () => {
  it("-dump prints what Kong asks for, and nothing else, whatever the plugin prints", async () => {
    const { code, stdout, stderr } = await node([GREETER, "-dump", "-kong-prefix", "/some/prefix"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout.toString())).toMatchObject({
      Protocol: "MsgPack:1",
      SocketPath: "/some/prefix/greeter.socket",
      Plugins: [
        {
          Name: "greeter",
          Version: "1.2.3",
          Priority: 7,
          Phases: ["rewrite", "access", "log"],
          Schema: { name: "greeter", fields: [{ config: { type: "record", fields: [{ message: { type: "string" } }] } }] },
        },
      ],
    });
    expect(stderr).toContain("greeter is being loaded");
  });

  it("a plugin made with definePlugin is a program too", async () => {
    const { stdout } = await node([COUNTER, "--dump"]);
    expect(JSON.parse(stdout.toString())).toMatchObject({
      SocketPath: "/usr/local/kong/counter.socket",
      Plugins: [{ Name: "counter", Version: "2.0.0", Priority: 3, Phases: ["access"] }],
    });
  });

  it.each(["-help", "--help", "-h"])("%s prints usage as Go's flag package does", async (flag) => {
    const { code, stderr } = await node([GREETER, flag]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Usage of greeter:\n/);
    expect(stderr).toContain("  -dump\n    \tDump info about plugins\n");
    expect(stderr).toContain("  -help\n    \tShow usage info\n");
    expect(stderr).toMatch(/ {2}-kong-prefix string\n {4}\tKong prefix path .*\(default "\/usr\/local\/kong"\)\n/);
  });

  it.each([
    [["-nonsense"], "flag provided but not defined: -nonsense"],
    [["-threads", "-1"], "-threads takes a whole number"],
    [["-event-timeout", "soon"], "-event-timeout takes a duration"],
  ])("%j is refused in one line, with the usage", async (flags, message) => {
    const { code, stderr } = await node([GREETER, ...flags]);
    expect(code).toBe(2);
    expect(stderr).toContain(`greeter: ${message}`);
    expect(stderr).toContain("Usage of greeter:");
  });

  it("`pluginserver run` dumps any plugin file as a program would", async () => {
    const { code, stdout } = await runCli(["run", HELLO, "-dump", "-kong-prefix=/p"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout.toString())).toMatchObject({ SocketPath: "/p/hello.socket", Plugins: [{ Name: "hello" }] });
  });

  it("`pluginserver run` says what is wrong with a file that is no plugin", async () => {
    const file = temp.write("broken.js", "module.exports = { access() {} };");
    const { code, stderr } = await runCli(["run", file, "-dump"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("definePlugin()")]);
    expect(await runCli(["run"])).toMatchObject({ code: 2, stderr: expect.stringContaining("run takes a plugin") as string });
    expect(await runCli(["run", join(temp.path, "none.js"), "-dump"])).toMatchObject({ code: 1 });
  });
});

const WAYS: readonly (readonly [string, TestProtocol, readonly [string, ...string[]], readonly string[]])[] = [
  ["a program, in the thread of its socket", "MsgPack:1", [process.execPath], []],
  ["a program, in the thread of its socket", "ProtoBuf:1", [process.execPath], []],
  ["a program, in two isolates", "MsgPack:1", [process.execPath], ["-threads", "2"]],
  ["a program, in two isolates", "ProtoBuf:1", [process.execPath], ["-threads", "2"]],
  ["pluginserver run, in the thread of the socket", "MsgPack:1", [BINARY, "run"], []],
  ["pluginserver run, in two isolates", "ProtoBuf:1", [BINARY, "run"], ["-threads", "2"]],
];

describe.each(WAYS)("%s, over %s", (_way, protocol, command, flags) => {
  async function start(file: string, ...more: readonly string[]): Promise<Peer> {
    const socketPath = join(prefix, `${file === GREETER ? "greeter" : "counter"}.socket`);
    server = await startProgram({ command: [...command, file, "-kong-prefix", prefix, ...flags, ...more], socketPath });
    client = await connectPeer(protocol, socketPath);
    return client;
  }

  const fault =
    (what: string): Answer =>
    (method) =>
      method === "kong.request.get_header" ? what : undefined;

  it("serves its phases", async () => {
    const gateway = await start(GREETER);
    const id = await startInstance(gateway, "greeter", { message: "good morning" });
    const { calls, end } = await runPhase(gateway, id, "access", { answer: () => "example.com" });
    expect(end).toBe("ret");
    expect(calls).toEqual([
      { method: "kong.request.get_header", args: ["host"] },
      { method: "kong.response.set_header", args: ["x-greeting", "good morning example.com"] },
    ]);
    expect(await gateway.call("plugin.GetStatus", 1)).toMatchObject({ Plugins: { greeter: { Instances: [{ Id: id }] } } });
    expect(await gateway.call("plugin.GetPluginInfo", "greeter")).toMatchObject({ Name: "greeter", Priority: 7 });
  });

  it("checks the configuration, and fails closed", async () => {
    const gateway = await start(COUNTER);
    const id = await startInstance(gateway, "counter", { step: 11 });
    const { calls, end } = await runPhase(gateway, id, "access");
    expect(end).toBe("exit");
    expect(calls.at(-1)).toMatchObject({ method: "kong.response.exit", args: [500, expect.anything()] });
    expect(await gateway.call("plugin.InstanceStatus", id)).toMatchObject({ Error: expect.stringContaining("step") as string });
  });

  it("a handler that throws ends its own request with 500, and nothing else", async () => {
    const gateway = await start(GREETER);
    const id = await startInstance(gateway, "greeter");
    const { calls, end } = await runPhase(gateway, id, "rewrite", { answer: fault("throw") });
    expect(end).toBe("exit");
    expect(calls.map(({ method }) => method)).toEqual(["kong.request.get_header", "kong.log.err", "kong.response.exit"]);
    await server?.waitForLine(/plugin greeter failed in rewrite: thrown in rewrite/);
    expect((await runPhase(gateway, id, "access", { answer: () => "a" })).end).toBe("ret");
  });

  it("an exit ends the request as the plugin says", async () => {
    const gateway = await start(GREETER);
    const id = await startInstance(gateway, "greeter");
    const { calls } = await runPhase(gateway, id, "rewrite", { answer: fault("exit") });
    expect(calls.at(-1)).toEqual({ method: "kong.response.exit", args: [403, "no", { "x-by": "greeter" }] });
  });

  it.each([
    ["reject", /unhandled promise rejection: nobody waits for this/],
    ["timer", /uncaught exception outside a handler/],
    ["print", /\[greeter\] printed by the plugin/],
  ])("survives, and logs, what happens outside the handler: %s", async (what, line) => {
    const gateway = await start(GREETER);
    const id = await startInstance(gateway, "greeter");
    expect((await runPhase(gateway, id, "rewrite", { answer: fault(what) })).end).toBe("ret");
    await server?.waitForLine(line);
    expect((await runPhase(gateway, id, "access", { answer: () => "a" })).end).toBe("ret");
  });

  it("gives an event up at its deadline", async () => {
    const gateway = await start(GREETER, "-event-timeout", "300ms");
    const id = await startInstance(gateway, "greeter");
    expect((await runPhase(gateway, id, "rewrite", { answer: fault("hang") })).end).toBe("exit");
  });

  it.runIf(protocol === "MsgPack:1")("tells an unknown instance apart, so that the gateway starts it again", async () => {
    const gateway = await start(GREETER);
    expect(await runPhase(gateway, 42, "access")).toMatchObject({ end: "error", error: "No plugin instance 42" });
  });

  it("ends on SIGTERM with status 0 and takes its socket along", async () => {
    await start(GREETER);
    const exit = await server?.close();
    expect(exit).toEqual({ code: 0, signal: null });
    expect(existsSync(join(prefix, "greeter.socket"))).toBe(false);
  });
});

describe("what only isolates give", () => {
  it.each(["loop", "exit of the process"])("%s ends at the isolate", async (what) => {
    const socketPath = join(prefix, "greeter.socket");
    const flags = ["-kong-prefix", prefix, "-threads", "1", "-stall-timeout", "500ms"];
    server = await startProgram({ command: [process.execPath, GREETER, ...flags], socketPath });
    const gateway = await WireClient.connect(socketPath);
    client = gateway;
    const id = await startInstance(client, "greeter");
    const run = what === "loop" ? runPhase(client, id, "rewrite", { answer: () => "loop" }) : runPhase(client, id, "log");
    expect((await run).end).toBe(what === "loop" ? "exit" : "ret");
    expect((await runPhase(client, id, "access", { answer: () => "a" })).end).toBe("ret");
    expect(gateway.pid).toBe(server.pid);
  });

  it("their instances spread over them, and each keeps its own", async () => {
    const socketPath = join(prefix, "counter.socket");
    server = await startProgram({ command: [process.execPath, COUNTER, "-kong-prefix", prefix, "-threads", "2"], socketPath });
    client = await WireClient.connect(socketPath);
    const ids = [await startInstance(client, "counter", { step: 1 }), await startInstance(client, "counter", { step: 1 })];
    const counts: unknown[] = [];
    for (const id of [...ids, ...ids]) counts.push((await runPhase(client, id, "access")).calls[0]?.args[1]);
    expect(counts).toEqual(["1", "1", "2", "2"]);
  });
});

describe("a program's file in a plugins directory", () => {
  it("is one plugin of the server there and starts no server of its own", async () => {
    const { code, stdout } = await runCli(["-plugins-dir", PROGRAMS, "-dump", "counter"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout.toString())).toMatchObject([{ Name: "counter", Version: "2.0.0" }]);
  });
});
