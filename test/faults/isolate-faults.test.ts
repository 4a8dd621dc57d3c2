// Owns causing every fault that plugin code can: it ends at its plugin, which comes back, and a plugin beside it notices nothing.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  connectPeer,
  createTempDir,
  encodeRequest,
  parseStep,
  type Peer,
  runPhase,
  type RunningServer,
  startInstance,
  startServer,
  WireClient,
} from "../support/index.js";
import { Bystander } from "./bystander.js";
import { causeFault, IN_A_PROCESS, IN_A_THREAD } from "./faults.js";

const PLUGINS = fileURLToPath(new URL("../fixtures/isolate-faults", import.meta.url));
const FLAGS = ["-event-timeout", "6s", "-stall-timeout", "1s", "-isolate-memory", "96MB"];

let server: RunningServer;
let client: WireClient;

async function start(...flags: string[]): Promise<void> {
  server = await startServer({ plugins: PLUGINS, flags: [...FLAGS, ...flags] });
  client = await WireClient.connect(server.socketPath);
}

afterEach(async () => {
  await client.close();
  expect(await server.close()).toEqual({ code: 0, signal: null });
});

const end = async (how: string): Promise<string> =>
  (await runPhase(client, await startInstance(client, "misbehaves", { how }), "access")).end;

/** The plugin serves again: at once, or when its isolate is back. */
const recovered = (): Promise<void> => expect.poll(() => end("none"), { timeout: 15_000 }).toBe("ret");

describe.each([
  ["thread", "MsgPack:1", IN_A_THREAD],
  ["process", "MsgPack:1", IN_A_PROCESS],
  ["thread", "ProtoBuf:1", IN_A_THREAD],
  ["process", "ProtoBuf:1", IN_A_PROCESS],
] as const)("in a %s, over %s", (isolation, protocol, faults) => {
  let peer: Peer;

  beforeEach(async () => {
    await start("-isolation", isolation);
    peer = await connectPeer(protocol, server.socketPath);
    return () => peer.close();
  });

  it.each(faults)("$how", { timeout: 60_000 }, async (fault) => {
    const bystander = await Bystander.begin(server.socketPath, protocol);
    await causeFault(fault, server, peer);
    const { phases, troubles } = await bystander.stop();
    expect(troubles).toEqual([]);
    expect(phases).toBeGreaterThan(0);
  });

  it.each(["a slow leak of objects", "a slow leak of buffers"])(
    "%s: a fresh isolate takes over, no event fails",
    { timeout: 60_000 },
    async (how) => {
      const leaky = await startInstance(client, "misbehaves", { how });
      for (let i = 0; i < 400; i += 1) {
        expect((await runPhase(client, leaky, "access")).end, server.lines.join("\n")).toBe("ret");
        // A leak takes its time: the isolate is weighed once a second at most.
        await new Promise((resolve) => setTimeout(resolve, 40));
        if (server.lines.some((line) => line.includes("a fresh one takes over"))) break;
      }
      await server.waitForLine(/\[misbehaves\] the isolate uses \d+ of 96 MB: a fresh one takes over/);
      expect((await runPhase(client, leaky, "access")).end).toBe("ret");
    },
  );
});

it.each([
  ["thread", "Array.prototype.push"],
  ["process", "Array.prototype.push"],
  ["thread", "Map.prototype.get"],
  ["thread", "Promise.prototype.then"],
  ["thread", "Promise"],
  ["thread", "JSON"],
])("in a %s, an isolate whose %s plugin code broke is replaced", { timeout: 60_000 }, async (isolation, what) => {
  await start("-isolation", isolation);
  expect(await end("none")).toBe("ret");
  await end(`breaks ${what}`);
  await server.waitForLine(
    /\[misbehaves\] isolate of plugin misbehaves died.*(?:its runtime works no more|no sign of life|its thread exited|its process exited)/,
  );
  await recovered();
});

it("an isolate whose events all run into their deadline is replaced", { timeout: 60_000 }, async () => {
  server = await startServer({ plugins: PLUGINS, flags: ["-event-timeout", "200ms"] });
  client = await WireClient.connect(server.socketPath);
  const hangs = await startInstance(client, "misbehaves", { how: "hang" });
  for (let i = 0; i < 8; i += 1) expect((await runPhase(client, hangs, "access")).end).toBe("exit");
  await server.waitForLine(/\[misbehaves\] isolate of plugin misbehaves died.*its last 8 events all ran into their deadline/);
  await recovered();
});

/** Answers a call with a large body. The codec of the client would take longer for it than the server for all else. */
async function stepWith(body: Buffer, eventId: unknown, count: number): Promise<unknown> {
  const messageId = 1_000_000 + count;
  const empty = encodeRequest(messageId, "plugin.Step", { EventId: eventId, Data: Buffer.alloc(0) });
  const header = Buffer.from([0xc6, 0, 0, 0, 0]);
  header.writeUInt32BE(body.length, 1);
  const reply = client.expectReply(messageId);
  // An empty bin takes two bytes, at the end.
  client.write(Buffer.concat([empty.subarray(0, -2), header]));
  client.write(body);
  return (await reply).result;
}

it.each(["thread", "process"])(
  "large bodies, one at a time, are garbage that weighs nothing (%s)",
  { timeout: 60_000 },
  async (isolation) => {
    await start("-isolation", isolation, "-isolate-memory", "160MB");
    const id = await startInstance(client, "misbehaves", { how: "a large body" });
    const body = Buffer.alloc(32 * 1024 * 1024, "x");
    // Garbage passes the watermark now and then.
    const until = performance.now() + 4000;
    let events = 0;
    for (; performance.now() < until; events += 1) {
      const asked = await client.call("plugin.HandleEvent", { InstanceId: id, EventName: "access" });
      const { eventId } = parseStep(asked);
      const { call } = parseStep(await stepWith(body, eventId, events));
      expect(call?.args).toEqual(["x-length", String(body.length)]);
      expect(await client.call("plugin.Step", { EventId: eventId })).toMatchObject({ Data: "ret" });
    }
    expect(events).toBeGreaterThan(8);
    expect(server.lines.filter((line) => /a fresh one takes over|isolate of plugin/.test(line))).toEqual([]);
  },
);

it("a child process whose descriptors are closed ends alone", { timeout: 60_000 }, async () => {
  await start("-isolation", "process");
  const bystander = await Bystander.begin(server.socketPath);
  await end("closing descriptors");
  await recovered();
  expect((await bystander.stop()).troubles).toEqual([]);
});

it(
  "a plugin that keeps dying backs off, its events fail at once, and it comes back when it is healthy",
  { timeout: 60_000 },
  async () => {
    await start();
    const dies = await startInstance(client, "misbehaves", { how: "exit" });
    for (let i = 0; i < 3; i += 1) expect((await runPhase(client, dies, "access")).end).toBe("exit");
    await server.waitForLine(/\[misbehaves\] isolate of plugin misbehaves died.*restarting in \d+ s/);
    const began = performance.now();
    expect(await end("none")).toBe("exit");
    expect(performance.now() - began).toBeLessThan(900);
    await recovered();
  },
);

it("modules that throw, loop or hang while they load are left out, and all others are served", { timeout: 60_000 }, async () => {
  const plugins = createTempDir("ld");
  plugins.write(
    "good.cjs",
    `module.exports = { Plugin: class { access(kong) { kong.response.setHeader("x", "1"); } }, Schema: [], Version: "1.0.0" };`,
  );
  plugins.write("hangs.mjs", "await new Promise(() => {});");
  plugins.write("loops.cjs", "for (;;);");
  plugins.write("throws.cjs", "throw new Error('thrown while loading');");
  plugins.write("exits.cjs", "process.exit(0);");
  server = await startServer({ plugins: plugins.path, flags: ["-load-timeout", "1s"] });
  client = await WireClient.connect(server.socketPath);
  expect((await runPhase(client, await startInstance(client, "good"), "access")).end).toBe("ret");
  for (const name of ["hangs", "loops", "throws", "exits"]) {
    await server.waitForLine(new RegExp(`plugin ${name} is not served: `));
    expect((await runPhase(client, await startInstance(client, name), "access")).end).toBe("exit");
  }
  plugins.remove();
});

it("a module that loads at first, and not in its isolate, fails its events with the reason", { timeout: 60_000 }, async () => {
  const plugins = createTempDir("l2");
  const marker = join(plugins.path, "marker", "x");
  mkdirSync(join(plugins.path, "marker"));
  plugins.write(
    "fickle.cjs",
    `if (require("node:fs").existsSync(${JSON.stringify(marker)})) throw new Error("not any more");
    module.exports = { Plugin: class { access() {} }, Schema: [], Version: "1.0.0" };`,
  );
  server = await startServer({ plugins: plugins.path, flags: ["-no-watch"] });
  client = await WireClient.connect(server.socketPath);
  await server.waitForLine(/is listening on/);
  writeFileSync(marker, "");
  const id = await startInstance(client, "fickle");
  expect((await runPhase(client, id, "access")).end).toBe("exit");
  await server.waitForLine(/instance \d+ of plugin fickle cannot run, its events fail: not any more/);
  plugins.remove();
});

it(
  "a server that was killed listens again within a second, and its instances come back through the gateway",
  { timeout: 60_000 },
  async () => {
    await start();
    const old = await startInstance(client, "misbehaves", { how: "none" });
    const prefix = server.prefix;
    const exited = server.exited;
    server.kill("SIGKILL");
    await exited;
    const began = performance.now();
    server = await startServer({ plugins: PLUGINS, prefix, flags: FLAGS });
    const elapsed = performance.now() - began;
    client = await WireClient.connect(server.socketPath);
    await expect(client.call("plugin.HandleEvent", { InstanceId: old, EventName: "access" })).rejects.toThrow(
      `No plugin instance ${old}`,
    );
    expect(await end("none")).toBe("ret");
    // A second on a quiet machine; this is a bound against something like the event timeout.
    expect(elapsed).toBeLessThan(10_000);
  },
);
