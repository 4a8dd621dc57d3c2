// Owns checking ProtoBuf:1 frame by frame: its commands, what an event sends when, and what no gateway may be left with.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  createTempDir,
  frame,
  FrameClient,
  message,
  rpcCall,
  runCli,
  type RunningServer,
  startServer,
  type TempDir,
  WireClient,
} from "../support/index.js";

const plugin = (body: string, more = ""): string =>
  `module.exports = { Plugin: class { constructor(config) { this.config = config; } async access(kong) { ${body} } async log(kong) { ${body} } }, Schema: [{ label: { type: "string" } }], Version: "1.0.0" ${more} };`;

const EMPTY = Buffer.alloc(0);
const text = (value: string): Buffer => message("String", { v: Buffer.from(value) });

const kv = (k: string, v: string): string =>
  message("KV", { k: Buffer.from(k), v: { kind: { case: "stringValue", value: Buffer.from(v) } } }).toString("hex");

let plugins: TempDir;
let server: RunningServer;
let client: FrameClient;

beforeAll(async () => {
  plugins = createTempDir("pb");
  plugins.write("asks.cjs", plugin(`await kong.response.setHeader("x-a", await kong.request.getHeader("a"));`));
  plugins.write(
    "tells.cjs",
    plugin(`for (const name of ["x-1", "x-2"]) await kong.response.setHeader(name, this.config.label);`),
  );
  plugins.write("throws.cjs", plugin(`throw new Error("thrown on purpose");`));
  plugins.write("exits.cjs", plugin(`await kong.response.exit(418, { tea: "pot" });`));
  plugins.write("silent.cjs", plugin(""));
  plugins.write("runs.cjs", plugin(`await eval("(async () => {" + this.config.label + "})()");`));
  plugins.write(
    "waits.cjs",
    plugin(`await kong.request.getMethod(); await new Promise((r) => setTimeout(r, 50)); await kong.request.getPath();`),
  );
  plugins.write(
    "body.cjs",
    plugin(`const body = await kong.request.getRawBody(); await kong.response.setHeader("x-length", String(body.length));`),
  );
  plugins.write(
    "asks-too-much.cjs",
    plugin(`await kong.plugin.getId().catch(async (e) => kong.response.setHeader("x-code", e.code + " " + e.message));`),
  );
  server = await startServer({
    plugins: plugins.path,
    flags: ["-event-timeout", "2s", "-instance-timeout", "1s", "-max-message-size", "1MB"],
  });
});

afterAll(async () => {
  expect(await server.close()).toEqual({ code: 0, signal: null });
  plugins.remove();
});

beforeEach(async () => {
  client = await FrameClient.connect(server.socketPath);
});

afterEach(() => client.destroy());

/** The rest of a frame's call, and the answer to it. */
async function answer(result: Buffer): Promise<string> {
  const args = await client.frame();
  client.write(frame(result));
  return args.toString("hex");
}

/** An event that has ended in good order, with what its RpcReturn holds. */
async function ended(sequence: number): Promise<void> {
  expect((await client.frame()).toString("hex")).toBe(message("RpcReturn", { sequence: BigInt(sequence) }).toString("hex"));
}

describe("a value that the gateway would lose", () => {
  it.each([
    ["false", `kong.ctx.shared.set("a", false)`],
    ["false in a list", `kong.ctx.shared.set("a", [1, false])`],
    ["a hole in a list", `kong.ctx.shared.set("a", [1, undefined, 3])`],
    ["null in an object", `kong.ctx.shared.set("a", { b: { c: null } })`],
    ["false in headers", `kong.response.setHeaders({ a: false })`],
    ["false as a header", `kong.service.request.setHeader("a", false)`],
    ["null in a query", `kong.service.request.setQuery({ a: null })`],
    ["a number too large", `kong.ctx.shared.set("a", 2n ** 60n + 1n)`],
  ])("is refused with an error that can be caught: %s", async (_name, call) => {
    const id = await client.startInstance("runs", {
      label: `await ${call}.catch((e) => kong.response.setHeader("x-code", e.code));`,
    });
    expect(await client.begin(3, id, "access")).toBe("kong.response.set_header");
    expect(await answer(EMPTY)).toBe(kv("x-code", "PDK_NOT_CARRIED"));
  });
});

describe("a call that gateways before Kong 3.3 lack", () => {
  const OLD = EMPTY;
  const NEW = Buffer.from([0x08, 0x00]);
  const QUERY = `const query = await kong.request.getQuery(); await kong.response.setHeader("x", Object.keys(query).join());`;

  /** Answers what the server asks for itself, and gives the call after it. */
  async function probed(code: string, bool: Buffer, phase = "access"): Promise<string> {
    const id = await client.startInstance("runs", { label: code });
    expect(await client.begin(3, id, phase)).toBe("kong.ip.is_trusted");
    await answer(bool);
    return (await client.frame()).toString();
  }

  async function expectRefused(reason: RegExp): Promise<void> {
    expect((await client.frame()).toString("latin1")).toMatch(reason);
    expect((await client.frame()).toString()).toBe("kong.response.exit");
    await client.frame();
    await client.closed;
  }

  it.each([
    ["that is told something", `kong.ctx.shared.set("a", "b");`],
    ["that is told something, and more", `kong.ctx.shared.set("a", "b"); kong.log.info("x"); await kong.request.getPath();`],
    ["that is asked", `await kong.ctx.shared.get("a"); throw new Error("late");`],
    ["that is asked, and caught", `try { await kong.ctx.shared.get("a"); } catch {}`],
    ["without a record of it", `await kong.request.getUriCaptures();`],
  ])("is never sent to one %s, and the request is refused", async (_name, code) => {
    expect(await probed(code, OLD)).toBe("kong.log.err");
    await expectRefused(/older than Kong 3\.3/);
    await server.waitForLine(/an event fails in access: kong\.(?:ctx|request)\..* older than Kong 3\.3/);
  });

  it("is not sent where the handler ended the request behind it", async () => {
    expect(await probed(`kong.ctx.shared.set("a", "b"); kong.response.exit(200);`, OLD)).toBe("kong.response.exit");
    expect((await client.frame()).toString("latin1")).toContain("An unexpected error occurred");
  });

  it("in log is not sent, and the phase is over", async () => {
    expect(await probed(`kong.ctx.shared.set("a", "b");`, OLD, "log")).toBe("kong.log.err");
    await answer(EMPTY);
    expect(await client.frame()).toEqual(EMPTY);
    await ended(3);
  });

  it("is sent to a later one, which is asked once for each connection", async () => {
    expect(await probed(`kong.ctx.shared.set("a", "b");`, NEW)).toBe("kong.ctx.shared.set");
    await answer(EMPTY);
    expect(await client.frame()).toEqual(EMPTY);
    await ended(3);
    const id = await client.startInstance("runs", { label: `kong.ctx.shared.set("a", "b");` });
    expect(await client.begin(4, id, "access")).toBe("kong.ctx.shared.set");
  });

  it("and the query of an old one is asked for where no name comes twice", async () => {
    expect(await probed(QUERY, OLD)).toBe("kong.request.get_raw_query");
    await answer(text("a=1&b=2&flag&c"));
    expect((await client.frame()).toString()).toBe("kong.request.get_query");
  });

  it.each(["a=1&b=2&a=3", "a&a", "a+b=1&a%20b=2", "%61=1&a"])("but not where one does: %s", async (query) => {
    expect(await probed(QUERY, OLD)).toBe("kong.request.get_raw_query");
    await answer(text(query));
    expect((await client.frame()).toString()).toBe("kong.log.err");
    await expectRefused(/the query repeats/);
  });
});

describe("an event", () => {
  it("asks, is answered, and ends with an empty frame and its return", async () => {
    const id = await client.startInstance("asks");
    for (const sequence of [7, 2 ** 40]) {
      expect(await client.begin(sequence, id, "access")).toBe("kong.request.get_header");
      expect(await answer(text("value"))).toBe(text("a").toString("hex"));
      expect((await client.frame()).toString()).toBe("kong.response.set_header");
      await answer(EMPTY);
      expect(await client.frame()).toEqual(EMPTY);
      await ended(sequence);
    }
  });

  it("sends what needs no answer at once, and its end behind it", async () => {
    const id = await client.startInstance("tells", { label: "L" });
    expect(await client.begin(3, id, "access")).toBe("kong.response.set_header");
    const frames = [await client.frame(), await client.frame(), await client.frame(), await client.frame()];
    expect(frames.map((bytes) => bytes.toString("latin1"))).toEqual([
      expect.stringContaining("x-1"),
      "kong.response.set_header",
      expect.stringContaining("x-2"),
      "",
    ]);
    await ended(3);
    // The answers come afterwards, and are none to the next command.
    client.write(Buffer.concat([frame(EMPTY), frame(EMPTY), rpcCall(4, "cmdGetPluginNames", {})]));
    expect((await client.frame()).toString("latin1")).toContain("asks-too-much");
  });

  it("that fails ends the request, and the connection", async () => {
    const id = await client.startInstance("throws");
    expect(await client.begin(3, id, "access")).toBe("kong.log.err");
    expect(await client.frame()).not.toEqual(EMPTY);
    expect((await client.frame()).toString()).toBe("kong.response.exit");
    expect((await client.frame()).toString("latin1")).toContain(`{"message":"An unexpected error occurred"}`);
    await expect(client.frame()).rejects.toThrow();
    await client.closed;
  });

  it("that fails in log ends in good order: there is no request left", async () => {
    const id = await client.startInstance("throws");
    expect(await client.begin(3, id, "log")).toBe("kong.log.err");
    await answer(EMPTY);
    expect(await client.frame()).toEqual(EMPTY);
    await ended(3);
  });

  it("that exits sends an object as JSON, and ends the connection", async () => {
    const id = await client.startInstance("exits");
    expect(await client.begin(3, id, "access")).toBe("kong.response.exit");
    const args = (await client.frame()).toString("latin1");
    expect(args).toContain(`{"tea":"pot"}`);
    expect(args).toContain("application/json; charset=utf-8");
    await client.closed;
  });

  it("keeps the commands that come meanwhile waiting", async () => {
    const id = await client.startInstance("silent");
    client.write(
      Buffer.concat([5, 6, 7].map((sequence) => rpcCall(sequence, "cmdHandleEvent", { instanceId: id, eventName: "access" }))),
    );
    for (const sequence of [5, 6, 7]) {
      expect(await client.frame()).toEqual(EMPTY);
      await ended(sequence);
    }
  });

  it("is cancelled when its client leaves, and the log says where", async () => {
    const id = await client.startInstance("waits");
    expect(await client.begin(3, id, "access")).toBe("kong.request.get_method");
    client.destroy();
    await server.waitForLine(
      /the gateway closed the connection in access of plugin waits instead of answering kong\.request\.get_method/,
    );
    const other = await FrameClient.connect(server.socketPath);
    expect(await other.begin(3, id, "access")).toBe("kong.request.get_method");
    await other.frame();
    other.write(frame(text("GET")));
    // Its handler runs.
    other.destroy();
    await server.waitForLine(/in access of plugin waits while its handler ran/);
  });

  it("whose gateway answers nothing is given up, and ends the request", async () => {
    const id = await client.startInstance("asks");
    expect(await client.begin(3, id, "access")).toBe("kong.request.get_header");
    await client.frame();
    expect((await client.frame()).toString()).toBe("kong.log.err");
    await client.frame();
    expect((await client.frame()).toString()).toBe("kong.response.exit");
    await server.waitForLine(/an event of plugin asks was given up after 2 s/);
  });

  it("fails where an answer is larger than messages may be", async () => {
    const id = await client.startInstance("asks");
    expect(await client.begin(3, id, "access")).toBe("kong.request.get_header");
    await client.frame();
    client.write(frame(Buffer.alloc(3 << 20, 1)));
    expect((await client.frame()).toString()).toBe("kong.log.err");
    expect((await client.frame()).toString("latin1")).toContain("larger than messages may be");
    expect((await client.frame()).toString()).toBe("kong.response.exit");
    await server.waitForLine(/what kong\.request\.get_header returned is larger than -max-message-size/);
  });

  it("gets a function that the protocol lacks refused, before anything is sent", async () => {
    const id = await client.startInstance("asks-too-much");
    expect(await client.begin(3, id, "access")).toBe("kong.response.set_header");
    expect((await client.frame()).toString("latin1")).toMatch(
      /PDK_NOT_CARRIED kong\.plugin\.get_id cannot be called in ProtoBuf:1/,
    );
  });
});

describe("a body in a file", () => {
  const path = (size: number): string => {
    const file = join(plugins.path, `.body-${size}`);
    writeFileSync(file, Buffer.alloc(size, "b"));
    return file;
  };
  const inFile = (file: string): Buffer => message("RawBodyResult", { kind: { case: "bodyFilepath", value: Buffer.from(file) } });

  it("is read from there", async () => {
    const id = await client.startInstance("body");
    expect(await client.begin(3, id, "access")).toBe("kong.request.get_raw_body");
    await answer(inFile(path(200_000)));
    expect((await client.frame()).toString()).toBe("kong.response.set_header");
    expect((await client.frame()).toString("latin1")).toContain("200000");
  });

  it.each([
    ["is not there", "/nowhere/at/all", /ENOENT/],
    ["is larger than messages may be", undefined, /has 2097152 bytes, and 1048576 are allowed: see -max-message-size/],
  ])("that %s fails the call", async (_case, file, reason) => {
    const id = await client.startInstance("body");
    expect(await client.begin(3, id, "access")).toBe("kong.request.get_raw_body");
    await answer(inFile(file ?? path(2 << 20)));
    expect((await client.frame()).toString()).toBe("kong.log.err");
    expect((await client.frame()).toString("latin1")).toMatch(reason);
  });
});

describe("an instance", () => {
  it("that is not here: a gateway that starts it again at a closed connection is told so", async () => {
    expect(await client.begin(3, 999, "access")).toBe("kong.ip.is_trusted");
    await client.frame();
    client.write(frame(Buffer.from([0x08, 0x00])));
    await client.closed;
    await server.waitForLine(/there is no instance 999: the gateway starts it again/);
  });

  it("that is not here: one that would let the request through gets it refused", async () => {
    expect(await client.begin(3, 998, "access")).toBe("kong.ip.is_trusted");
    await client.frame();
    client.write(frame(EMPTY));
    expect((await client.frame()).toString()).toBe("kong.log.err");
    await client.frame();
    expect((await client.frame()).toString()).toBe("kong.response.exit");
    await server.waitForLine(/there is no instance 998, and this gateway cannot be told: reload it/);
  });

  it("that is not here, in log: the phase is over", async () => {
    expect(await client.begin(3, 997, "log")).toBe("kong.ip.is_trusted");
    await client.frame();
    client.write(frame(EMPTY));
    expect((await client.frame()).toString()).toBe("kong.log.err");
    await answer(EMPTY);
    expect(await client.frame()).toEqual(EMPTY);
    await ended(3);
  });

  it("that was unused for long comes back when it is used", { timeout: 20_000 }, async () => {
    const id = await client.startInstance("tells", { label: "kept" });
    const control = await WireClient.connect(server.socketPath);
    const known = async (): Promise<boolean> => JSON.stringify(await control.call("plugin.GetStatus", 0)).includes(`"Id":${id},`);
    await expect.poll(known, { timeout: 10_000 }).toBe(false);
    expect(await client.begin(3, id, "access")).toBe("kong.response.set_header");
    expect((await client.frame()).toString("latin1")).toContain("kept");
    expect(await known()).toBe(true);
    await control.close();
  });

  it("of a plugin that is not there gets an id, whose events fail", async () => {
    const id = await client.startInstance("nowhere");
    expect(await client.begin(3, id, "access")).toBe("kong.log.err");
  });
});

describe("a command", () => {
  const hex = async (): Promise<string> => (await client.frame()).toString("hex");
  const none = (sequence: number): string => message("RpcReturn", { sequence: BigInt(sequence) }).toString("hex");

  it("that cannot be answered as asked is answered with nothing but its sequence", async () => {
    for (const [command, fields] of [
      ["cmdGetPluginInfo", { name: "nowhere" }],
      ["cmdGetInstanceStatus", { instanceId: 7 }],
      ["cmdCloseInstance", { instanceId: 7 }],
    ] as const) {
      client.write(rpcCall(9, command, fields));
      expect(await hex()).toBe(none(9));
    }
    client.write(frame(message("RpcReturn", { sequence: 12n })));
    expect(await hex()).toBe(none(12));
  });

  it("gives a plugin's info with its schema as JSON", async () => {
    client.write(rpcCall(9, "cmdGetPluginInfo", { name: "silent" }));
    expect((await client.frame()).toString("latin1")).toContain(`{"name":"silent","fields":[{"config":`);
  });

  it.each([
    ["is no message", frame(Buffer.from("ffffffffffffff", "hex"))],
    ["is larger than messages may be", frame(Buffer.alloc(2 << 20))],
    ["announces more than there ever will be", Buffer.from("f0ffffff0800", "hex")],
  ])("that %s is answered with an empty frame, at which a gateway refuses the request", async (_case, bytes) => {
    client.write(bytes);
    expect(await client.frame()).toEqual(EMPTY);
    await client.closed;
    await server.waitForLine(/a connection was closed: (not a message of ProtoBuf:1|message is larger than the limit)/);
  });
});

describe("-protocol", () => {
  it("auto answers each client in the protocol that it speaks, and tells only one of them its process id", async () => {
    const other = await WireClient.connect(server.socketPath);
    expect(other.pid).toBe(server.pid);
    client.write(rpcCall(1, "cmdGetPluginNames", {}));
    expect((await client.frame()).toString("latin1")).toContain("asks");
    await other.close();
  });

  it("ProtoBuf:1 speaks nothing else, MsgPack:1 neither", async () => {
    const dir = createTempDir("pp");
    dir.write("silent.cjs", plugin(""));
    const only = await startServer({ plugins: dir.path, flags: ["-protocol", "ProtoBuf:1"] });
    const frames = await FrameClient.connect(only.socketPath);
    expect(await frames.begin(2, await frames.startInstance("silent"), "access")).toBe("");
    await expect(WireClient.connect(only.socketPath)).rejects.toThrow();
    frames.destroy();
    await only.close();
    const other = await startServer({ plugins: dir.path, flags: ["-protocol=MsgPack:1"] });
    const wire = await WireClient.open(other.socketPath);
    expect((await wire.nextMessage()).exact).toEqual([2, "serverPid", other.pid]);
    const refused = await FrameClient.connect(other.socketPath);
    refused.write(rpcCall(1, "cmdGetPluginNames", {}));
    await refused.closed;
    await wire.close();
    await other.close();
    dir.remove();
  });

  it("is announced by the dump; a bare array means MsgPack:1", async () => {
    const dump = async (...flags: string[]): Promise<unknown> =>
      JSON.parse((await runCli(["-plugins-dir", plugins.path, "-log-level", "silent", ...flags])).stdout.toString());
    const silent = expect.objectContaining({ Name: "silent" }) as unknown;
    expect(await dump("-dump", "silent")).toEqual([silent]);
    expect(await dump("-dump", "silent", "-protocol", "auto")).toEqual([silent]);
    expect(await dump("-dump", "silent", "-protocol", "ProtoBuf:1")).toEqual({ Protocol: "ProtoBuf:1", Plugins: [silent] });
    expect(await dump("-dump-all-plugins", "-protocol", "ProtoBuf:1")).toMatchObject({ Protocol: "ProtoBuf:1" });
  });
});

/** What the server still says on a connection, frame by frame. */
async function untilClosed(client: FrameClient): Promise<string[]> {
  const frames: string[] = [];
  for (;;) {
    const next = await client.frame().catch(() => undefined);
    if (next === undefined) return frames;
    frames.push(next.toString());
  }
}

it(
  "a takeover gets the clients of idle connections to leave, and lets an event finish on its own",
  { timeout: 20_000 },
  async () => {
    const dir = createTempDir("pt");
    dir.write("asks.cjs", plugin(`await kong.request.getHeader("a");`));
    const prefix = createTempDir("pr");
    const first = await startServer({ plugins: dir.path, prefix: prefix.path });
    const [idle, busy] = [await FrameClient.connect(first.socketPath), await FrameClient.connect(first.socketPath)];
    const id = await idle.startInstance("asks");
    expect(await busy.begin(5, id, "access")).toBe("kong.request.get_header");
    await busy.frame();
    const second = await startServer({ plugins: dir.path, prefix: prefix.path });
    first.kill("SIGTERM");
    await first.waitForLine(/got SIGTERM/);
    busy.write(frame(text("a")));
    expect(await busy.frame()).toEqual(EMPTY);
    expect((await busy.frame()).toString("hex")).toBe(message("RpcReturn", { sequence: 5n }).toString("hex"));
    // Nothing else is said on either but the hint to leave, a call with its argument; who stays is left.
    expect(await untilClosed(idle)).toEqual(["kong.ip.is_trusted", expect.anything()]);
    expect(await untilClosed(busy)).toEqual(["kong.ip.is_trusted", expect.anything()]);
    expect(await first.exited).toEqual({ code: 0, signal: null });
    await second.close();
    prefix.remove();
    dir.remove();
  },
);
