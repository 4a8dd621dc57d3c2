// Owns checking every MsgPack:1 method, and that it does not matter how the bytes of the calls arrive.
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeRequest, isRecord, runPhase, startInstance, startServer, WireClient } from "../support/index.js";
import type { RunningServer } from "../support/index.js";

const PHASES = fileURLToPath(new URL("../fixtures/phases", import.meta.url));

let server: RunningServer;
let client: WireClient;

beforeAll(async () => {
  server = await startServer({ plugins: PHASES });
  client = await WireClient.connect(server.socketPath);
});

afterAll(async () => {
  await client.close();
  expect(await server.close()).toEqual({ code: 0, signal: null });
});

/** A gateway that has a host header and nothing else. */
const hostOnly = (method: string): unknown => (method === "kong.request.get_header" ? "example.com" : undefined);

describe("methods", () => {
  it("says its process id first on every connection", async () => {
    const other = await WireClient.connect(server.socketPath);
    expect(other.pid).toBe(server.pid);
    expect(client.pid).toBe(server.pid);
    await other.close();
  });

  it("GetPluginInfo gives the plugin as it is dumped", async () => {
    expect(await client.call("plugin.GetPluginInfo", "hello")).toMatchObject({
      Name: "hello",
      Phases: ["access"],
      Version: "0.1.0",
      Priority: 7,
      Schema: { name: "hello", fields: [{ config: { type: "record" } }] },
    });
  });

  it("GetPluginInfo of an unknown plugin is an error that names it", async () => {
    const { error, result } = await client.request("plugin.GetPluginInfo", "nowhere");
    expect(result).toBeNull();
    expect(error).toMatch(/nowhere/);
  });

  it("StartInstance, InstanceStatus and CloseInstance tell of the instance", async () => {
    const config = JSON.stringify({ message: "hi", __seq__: 3, __plugin_id: "p", route_id: "r" });
    const before = Math.floor(Date.now() / 1000);
    const started = await client.call("plugin.StartInstance", { Name: "hello", Config: config });
    if (!isRecord(started)) throw new Error("no status");
    expect(Object.keys(started)).toEqual(expect.arrayContaining(["Name", "Id", "Config", "StartTime"]));
    expect(started["Name"]).toBe("hello");
    expect(Number.isSafeInteger(started["Id"])).toBe(true);
    expect(Number(started["StartTime"])).toBeGreaterThanOrEqual(before - 1);
    expect(Number(started["StartTime"])).toBeLessThanOrEqual(Date.now() / 1000 + 1);
    expect(await client.call("plugin.InstanceStatus", started["Id"])).toEqual(started);
    expect(await client.call("plugin.CloseInstance", started["Id"])).toEqual(started);
    for (const method of ["InstanceStatus", "CloseInstance"]) {
      const { error } = await client.request(`plugin.${method}`, started["Id"]);
      expect(error).toBe(`No plugin instance ${String(started["Id"])}`);
    }
    const { error } = await client.request("plugin.HandleEvent", { InstanceId: started["Id"], EventName: "access" });
    expect(error).toBe(`No plugin instance ${String(started["Id"])}`);
  });

  it("takes the configuration as str and as bin", async () => {
    const status = await client.call("plugin.StartInstance", { Name: "hello", Config: Buffer.from('{"message":"bin"}') });
    const run = await runPhase(client, (status as { Id: number }).Id, "access", { answer: hostOnly });
    expect(run.calls[1]).toEqual({ method: "kong.response.set_header", args: ["x-hello", "bin example.com"] });
  });

  it("GetStatus tells of plugins and instances, in seconds", async () => {
    const id = await startInstance(client, "asks");
    const status = await client.call("plugin.GetStatus", 1);
    if (!isRecord(status) || !isRecord(status["Plugins"])) throw new Error(`no status: ${JSON.stringify(status)}`);
    expect(status["Pid"]).toBe(server.pid);
    const plugin = status["Plugins"]["asks"];
    if (!isRecord(plugin)) throw new Error("asks is missing");
    expect(Object.keys(plugin)).toEqual(
      expect.arrayContaining(["Name", "Modtime", "LoadTime", "Instances", "LastStartInstance", "LastCloseInstance"]),
    );
    expect(plugin["Instances"]).toContainEqual(expect.objectContaining({ Name: "asks", Id: id }));
    const now = Date.now() / 1000;
    for (const time of ["Modtime", "LoadTime", "LastStartInstance"]) {
      expect(Number(plugin[time])).toBeGreaterThan(1_500_000_000);
      expect(Number(plugin[time])).toBeLessThanOrEqual(now + 1);
    }
  });

  it("SetPluginDir answers ok", async () => {
    expect(await client.call("plugin.SetPluginDir", PHASES)).toBe("ok");
    expect(await client.call("plugin.GetPluginInfo", "hello")).toMatchObject({ Name: "hello" });
  });

  it.each([
    ["an unknown method", "plugin.NoSuchMethod", [1]],
    ["a method of no plugin", "shell.Exec", ["ls"]],
    ["a method named like an object's own", "constructor", [1]],
    ["no argument", "plugin.GetPluginInfo", []],
    ["a name that is a number", "plugin.GetPluginInfo", [7]],
    ["a name that is a property of every object", "plugin.GetPluginInfo", ["__proto__"]],
    ["an instance id that is text", "plugin.InstanceStatus", ["1"]],
    ["an instance id that is nil", "plugin.CloseInstance", [null]],
    ["an event without its map", "plugin.HandleEvent", [5]],
    ["an event without a phase", "plugin.HandleEvent", [{ InstanceId: 1 }]],
    ["a step without an event", "plugin.Step", [{ Data: 1 }]],
    ["a step that is no map", "plugin.Step", ["x"]],
    ["an instance without a name", "plugin.StartInstance", [{ Config: "{}" }]],
  ])("answers %s with an error that is a string, and stays", async (_case, method, args) => {
    const { error, result } = await client.request(method, ...args);
    expect(typeof error).toBe("string");
    expect(error).not.toBe("");
    expect(error).not.toMatch(/\n\s+at /);
    expect(result).toBeNull();
    expect(await client.call("plugin.GetStatus", 1)).toMatchObject({ Pid: server.pid });
  });

  it("answers a number of instances and events with ids that never repeat", async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => startInstance(client, "waits")));
    expect(new Set(ids).size).toBe(20);
    for (const id of ids) await client.call("plugin.CloseInstance", id);
    expect(ids).not.toContain(await startInstance(client, "waits"));
  });

  it("never gives an id again after a restart", async () => {
    const first = await startServer({ plugins: PHASES });
    const one = await WireClient.connect(first.socketPath);
    const old = await startInstance(one, "asks");
    await first.close();
    const second = await startServer({ plugins: PHASES });
    const two = await WireClient.connect(second.socketPath);
    const { error } = await two.request("plugin.HandleEvent", { InstanceId: old, EventName: "access" });
    expect(error).toBe(`No plugin instance ${old}`);
    expect(await startInstance(two, "asks")).not.toBe(old);
    await second.close();
  });
});

describe("bytes", () => {
  it("answers pipelined calls, each with its own id", async () => {
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, i) => client.request("plugin.GetPluginInfo", i % 2 === 0 ? "hello" : "nowhere")),
    );
    replies.forEach(({ error, result }, i) => {
      if (i % 2 === 0) expect(result).toMatchObject({ Name: "hello" });
      else expect(error).toMatch(/nowhere/);
    });
  });

  it("answers calls glued into one packet", async () => {
    const other = await WireClient.connect(server.socketPath);
    const ids = [101, 102, 103];
    const replies = ids.map((id) => other.expectReply(id));
    other.write(Buffer.concat(ids.map((id) => encodeRequest(id, "plugin.GetStatus", 0))));
    for (const reply of replies) expect(await reply).toMatchObject({ error: null, result: { Pid: server.pid } });
    await other.close();
  });

  it("answers a call split at every position", async () => {
    const other = await WireClient.connect(server.socketPath);
    const bytes = encodeRequest(7, "plugin.GetPluginInfo", "hello");
    for (let at = 1; at < bytes.length; at++) {
      const reply = other.expectReply(7);
      other.write(bytes.subarray(0, at));
      // Two packets, not one: the first must be on its way before the second is written.
      await new Promise((resolve) => setImmediate(resolve));
      other.write(bytes.subarray(at));
      expect(await reply).toMatchObject({ error: null, result: { Name: "hello" } });
    }
    await other.close();
  });

  it("keeps message ids that repeat", async () => {
    const other = await WireClient.connect(server.socketPath);
    for (let i = 0; i < 3; i++) {
      const reply = other.expectReply(5);
      other.write(encodeRequest(5, "plugin.GetStatus", 0));
      expect((await reply).error).toBeNull();
    }
    await other.close();
  });

  it("takes a notification without answering it", async () => {
    const other = await WireClient.connect(server.socketPath);
    // [2, "hello", 1]
    other.write(Buffer.from([0x93, 0x02, 0xa5, ...Buffer.from("hello"), 0x01]));
    expect(await other.call("plugin.GetStatus", 0)).toMatchObject({ Pid: server.pid });
    await other.close();
  });

  it("takes and gives 32 MB in one value, in time that grows with its size and no faster", async () => {
    const id = await startInstance(client, "transform");
    const body = Buffer.alloc(32 * 1024 * 1024, "ÿ", "latin1");
    const began = performance.now();
    const run = await runPhase(client, id, "response", {
      answer: (method) => (method === "kong.service.response.get_raw_body" ? body : 200),
    });
    expect(run.end).toBe("exit");
    // Decoding from the start for every 64 kB that come would take minutes.
    expect(performance.now() - began).toBeLessThan(10_000);
    const sent = run.calls.at(-1)?.args[1];
    if (!Buffer.isBuffer(sent)) throw new Error("the body came back as something else than bytes");
    expect(sent.length).toBe(body.length + 2);
    expect(sent.subarray(0, body.length).equals(body)).toBe(true);
  });
});
