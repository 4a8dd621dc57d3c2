// The ProtoBuf:1 dialect over a real socket, with hosts that the test plays: what is sent when, and what is left behind.
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { callEngine } from "../call-engine.js";
import {
  EventTable,
  GatewayRpc,
  MsgpackRpc,
  type PluginService,
  ProtobufRpc,
  RpcError,
} from "../../../../../../src/gateways/kong/rpc/index.js";
import { encodePdkCall } from "../../../../../../src/gateways/kong/protobuf/index.js";
import type { Connection } from "../../../../../../src/gateways/kong/rpc/index.js";
import { createTempDir, frame, FrameClient, message, rpcCall, type TempDir } from "../../../../../support/index.js";
import { ScriptedHost } from "../scripted-host.js";

const INSTANCE = 11;
const EMPTY = Buffer.alloc(0);

let directory: TempDir;
let listener: Server;
let client: FrameClient;
let host: ScriptedHost;
let engine: ReturnType<typeof callEngine>;
let events: EventTable;
let connections: Connection[];
let rpc: GatewayRpc;
let told: unknown[][];

const unused = (): never => {
  throw new RpcError("RPC_NO_PLUGIN", "not asked for here");
};

beforeEach(async () => {
  directory = createTempDir("pbr");
  host = new ScriptedHost();
  // Connections of the test before may still tell their end.
  const [opened, log]: [Connection[], unknown[][]] = [[], []];
  [connections, told] = [opened, log];
  engine = callEngine();
  events = new EventTable({
    engine,
    onFailed: () => {},
    failureCalls: (event, reason) => [
      { method: "kong.log.err", args: [reason], ends: false },
      ...(event.phase === "log" ? [] : [{ method: "kong.response.exit", args: [500], ends: true }]),
    ],
    onTimeout: () => {},
    onCallRefused: () => {},
  });
  const service: PluginService = {
    setPluginDir: unused,
    status: unused,
    pluginNames: () => Promise.resolve(["hello"]),
    pluginInfo: unused,
    startInstance: unused,
    instanceStatus: unused,
    closeInstance: unused,
    runnerOf: (id) => (id === INSTANCE ? { host, plugin: "hello", timeout: 60_000, onError: "exit" } : undefined),
  };
  const shared = {
    onOpen: (connection: Connection): void => void opened.push(connection),
    onClose: (_connection: Connection, error: Error | undefined): void => void log.push(["closed", error?.message]),
    onInternalError: (method: string): void => void log.push(["internal error", method]),
  };
  rpc = new GatewayRpc({
    protocol: "auto",
    maxMessageSize: 1000,
    msgpack: new MsgpackRpc({ service, events, unknownEventCall: undefined, ...shared }),
    protobuf: new ProtobufRpc({
      service,
      events,
      missingInstanceCalls: () => [],
      onAbandoned: (_event, call) => log.push(["abandoned", call]),
      onOversizedResult: (_event, call) => log.push(["oversized", call]),
      onLacking: () => {},
      onMissingInstance: () => {},
      onInternalError: shared.onInternalError,
    }),
    ...shared,
  });
  listener = createServer((socket) => rpc.accept(socket));
  listener.listen(join(directory.path, "s"));
  await once(listener, "listening");
  client = await FrameClient.connect(join(directory.path, "s"));
});

afterEach(async () => {
  client.destroy();
  events.close();
  engine.calls.close();
  await client.closed;
  listener.close();
  directory.remove();
});

const idle = (): boolean => connections.every((connection) => rpc.isIdle(connection));
const call = (method: string, ...args: unknown[]): Buffer => encodePdkCall(`kong.${method}`, args);
const ask = (name: string) => ({ data: call("request.get_header", name), wantsAnswer: true, ends: false });
const tell = (name: string) => ({ data: call("response.set_header", name, "1"), wantsAnswer: false, ends: false });

/** Starts an event and gives its id. */
async function start(sequence: number, phase = "access"): Promise<number> {
  const started = new Promise<number>((resolve) => {
    host.onStart = (eventId) => resolve(eventId);
  });
  client.write(rpcCall(sequence, "cmdHandleEvent", { instanceId: INSTANCE, eventName: phase }));
  return started;
}

const next = async (): Promise<string> => (await client.frame()).toString();
const text = (value: string): Buffer => message("String", { v: Buffer.from(value) });

describe("an event", () => {
  it("is told to its host with the protocol", async () => {
    const id = await start(1);
    expect(host.told).toEqual([["startEvent", id, INSTANCE, "access", "ProtoBuf:1"]]);
  });

  it("gets its answers in order, and only those that somebody waits for", async () => {
    const id = await start(1);
    engine.calls.get(id)?.asked([tell("x"), ask("a"), tell("y"), ask("b")]);
    const names = [];
    for (let i = 0; i < 4; i += 1) {
      names.push(await next());
      await client.frame();
    }
    expect(names.map((name) => name.split(".").at(-1))).toEqual(["set_header", "get_header", "set_header", "get_header"]);
    const answered = new Promise<void>((resolve) => {
      let steps = 0;
      host.onStep = () => (steps += 1) === 2 && resolve();
    });
    client.write(Buffer.concat([EMPTY, text("A"), EMPTY, text("B")].map((bytes) => frame(bytes))));
    await answered;
    expect(host.told.slice(1)).toEqual([
      ["step", id, false, text("A").toString()],
      ["step", id, false, text("B").toString()],
    ]);
    expect(engine.calls.size).toBe(1);
  });

  it("stays until the gateway has answered what was sent with its end", async () => {
    const id = await start(1);
    engine.calls.get(id)?.asked([tell("x")]);
    engine.calls.get(id)?.done();
    await next();
    await client.frame();
    expect(await client.frame()).toEqual(EMPTY);
    await client.frame();
    expect([engine.calls.size, idle()]).toEqual([1, false]);
    client.write(frame(EMPTY));
    await expect.poll(() => [engine.calls.size, idle()]).toEqual([0, true]);
  });

  it("whose client leaves is cancelled, and nothing of it is left", async () => {
    const id = await start(1);
    engine.calls.get(id)?.asked([ask("a")]);
    await next();
    client.destroy();
    await expect.poll(() => engine.calls.size).toBe(0);
    expect(host.told.at(-1)).toEqual(["cancelEvent", id, "the gateway closed the connection"]);
    expect(told).toEqual([
      ["abandoned", "kong.request.get_header"],
      ["closed", undefined],
    ]);
  });

  it("that exits leaves nothing behind, and no answer is waited for", async () => {
    const id = await start(1);
    engine.calls.get(id)?.asked([tell("x"), { data: call("response.exit", 403), wantsAnswer: false, ends: true }]);
    expect(engine.calls.size).toBe(0);
    expect(await next()).toBe("kong.response.set_header");
    await client.closed;
    await expect.poll(() => told).toEqual([["closed", undefined]]);
  });

  it("fails where an answer is too large, and its handler is told", async () => {
    const id = await start(1);
    engine.calls.get(id)?.asked([ask("a")]);
    await next();
    await client.frame();
    client.write(frame(Buffer.alloc(1001)));
    expect(await next()).toBe("kong.log.err");
    expect(host.told.at(-1)?.slice(0, 2)).toEqual(["cancelEvent", id]);
    expect(told).toEqual([["oversized", "kong.request.get_header"]]);
    expect(engine.calls.size).toBe(0);
  });

  it("that is over at once lets the next command in", async () => {
    host.onStart = (eventId) => engine.calls.get(eventId)?.done();
    const commands = [2, 3].map((sequence) => rpcCall(sequence, "cmdHandleEvent", { instanceId: INSTANCE, eventName: "access" }));
    client.write(Buffer.concat([...commands, rpcCall(4, "cmdGetPluginNames", {})]));
    for (const sequence of [2, 3]) {
      expect(await client.frame()).toEqual(EMPTY);
      expect(await client.frame()).toEqual(message("RpcReturn", { sequence: BigInt(sequence) }));
    }
    expect(await next()).toContain("hello");
  });
});

describe("handing over", () => {
  const handOver = (): void => connections.forEach((connection) => rpc.handOver(connection));
  /** What arrives unasked. */
  const hinted = async (): Promise<void> => {
    expect(await next()).toBe("kong.ip.is_trusted");
    await client.frame();
  };

  it("hints to a client that is idle, and never tells it a process id", async () => {
    client.write(rpcCall(4, "cmdGetPluginNames", {}));
    expect(await next()).toContain("hello");
    handOver();
    await hinted();
  });

  it("ends the connection of one that does not leave", async () => {
    client.write(rpcCall(4, "cmdGetPluginNames", {}));
    expect(await next()).toContain("hello");
    handOver();
    await hinted();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    handOver();
    await expect(client.frame()).rejects.toThrow("closed");
  });

  it("answers the event that a client has sent at the same moment", async () => {
    client.write(rpcCall(4, "cmdGetPluginNames", {}));
    expect(await next()).toContain("hello");
    handOver();
    const id = await start(5);
    engine.calls.get(id)?.asked([ask("a")]);
    await hinted();
    expect(await next()).toBe("kong.request.get_header");
    await client.frame();
    const answered = new Promise<void>((resolve) => (host.onStep = resolve));
    client.write(Buffer.concat([message("Bool", { v: false }), text("A")].map((bytes) => frame(bytes))));
    await answered;
    expect(host.told.at(-1)).toEqual(["step", id, false, text("A").toString()]);
    engine.calls.get(id)?.done();
    expect(await client.frame()).toEqual(EMPTY);
    expect(await client.frame()).toEqual(message("RpcReturn", { sequence: 5n }));
    await expect.poll(idle).toBe(true);
  });

  it("hints in one piece with the end of an event", async () => {
    rpc.leave();
    const id = await start(1);
    const chunk = client.chunk();
    engine.calls.get(id)?.done();
    const end = frame(EMPTY);
    expect((await chunk).subarray(0, end.length)).toEqual(end);
    expect((await chunk).includes("kong.ip.is_trusted")).toBe(true);
  });
});
