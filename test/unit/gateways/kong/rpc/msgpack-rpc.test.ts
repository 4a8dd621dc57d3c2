// The methods of MsgPack:1 over real sockets, asked by an independent client: each request gets its one answer.
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { callEngine } from "./call-engine.js";
import { EventTable, MsgpackRpc } from "../../../../../src/gateways/kong/rpc/index.js";
import { Connection, type ConnectionHandler, ProtocolReader } from "../../../../../src/gateways/kong/rpc/index.js";
import { encodeCall, encodeValue } from "../../../../../src/gateways/kong/msgpack/index.js";
import { createTempDir, encodeRequest, type TempDir, WireClient } from "../../../../support/index.js";
import { FIRST_INSTANCE, ScriptedService } from "./scripted-service.js";

const UNKNOWN_EVENT_CALL = { method: "kong.response.exit", args: [500, "unknown"] };

let directory: TempDir;
let listener: Server;
let client: WireClient;
let service: ScriptedService;
let engine: ReturnType<typeof callEngine>;
let events: EventTable;
let opened: number;
let closed: (Error | undefined)[];
let internal: [method: string, error: Error][];
let refused: string[];

const socketPath = (): string => join(directory.path, "s");

beforeEach(async () => {
  directory = createTempDir("rpc");
  // Connections of the test before may still tell their end.
  const closes: (Error | undefined)[] = [];
  [opened, closed, internal, refused] = [0, closes, [], []];
  service = new ScriptedService();
  engine = callEngine();
  events = new EventTable({
    engine,
    onFailed: () => {},
    failureCalls: (event, reason) => [{ method: "kong.log.err", args: [event.phase, reason], ends: false }],
    onTimeout: () => {},
    onCallRefused: (_event, call) => refused.push(call.toString("latin1")),
  });
  const rpc = new MsgpackRpc({
    service,
    events,
    unknownEventCall: UNKNOWN_EVENT_CALL,
    onInternalError: (method, error) => internal.push([method, error]),
  });
  const handler: ConnectionHandler = {
    onMessage: (connection, message) => rpc.onMessage(connection, message),
    onClose: (_connection, error) => closes.push(error),
  };
  listener = createServer((socket) => {
    opened += 1;
    rpc.introduce(new Connection(socket, handler, new ProtocolReader("MsgPack:1", 1 << 20)));
  });
  listener.listen(socketPath());
  await once(listener, "listening");
  client = await WireClient.connect(socketPath());
});

afterEach(async () => {
  await client.close();
  events.close();
  engine.calls.close();
  listener.close();
  directory.remove();
});

/** Asks for an event whose handler the test plays, and gives its id once it runs. */
async function handleEvent(on = client, phase = "access"): Promise<{ id: number; answer: ReturnType<WireClient["request"]> }> {
  const started = new Promise<number>((resolve) => {
    service.host.onStart = resolve;
  });
  const answer = on.request("plugin.HandleEvent", { InstanceId: FIRST_INSTANCE, EventName: phase });
  return { id: await started, answer };
}

const ask = (id: number, method: string, ...args: unknown[]): void =>
  engine.calls.get(id)?.asked([{ data: encodeCall(method, args), wantsAnswer: true, ends: false }]);
/** Resolves when the handler gets its next answer. */
const handlerStepped = (): Promise<void> =>
  new Promise((resolve) => {
    service.host.onStep = resolve;
  });
const dataOf = async (answer: ReturnType<WireClient["request"]>): Promise<unknown> => {
  const { error, result } = await answer;
  expect(error).toBeNull();
  return (result as { Data: unknown }).Data;
};

describe("a connection", () => {
  it("first tells the process id, so that a gateway knows a restart", () => {
    expect(client.pid).toBe(process.pid);
    expect(opened).toBe(1);
  });

  it("tells of its end once", async () => {
    const other = await WireClient.connect(socketPath());
    await other.close();
    await expect.poll(() => closed).toEqual([undefined]);
  });

  it("that sends no message of the protocol is cut off, the others are not", async () => {
    const other = await WireClient.connect(socketPath());
    other.write(Buffer.from("GET / HTTP/1.1\r\n\r\n"));
    await other.closed;
    expect(await client.call("plugin.SetPluginDir", "/x")).toBe("ok");
    expect(closed).toEqual([expect.objectContaining({ code: "WIRE_NOT_A_MESSAGE" })]);
  });

  it("gets no answer to a notification", async () => {
    client.write(encodeValue([2, "plugin.GetStatus", 0]));
    expect(await client.call("plugin.SetPluginDir", "/x")).toBe("ok");
    expect(service.asked).toEqual([["setPluginDir", "/x"]]);
  });
});

describe("methods of the service", () => {
  it("SetPluginDir", async () => {
    expect(await client.call("plugin.SetPluginDir", "/plugins")).toBe("ok");
    expect(service.asked).toEqual([["setPluginDir", "/plugins"]]);
  });

  it("GetStatus ignores its argument", async () => {
    expect(await client.call("plugin.GetStatus", 0)).toEqual({ Pid: 1, Plugins: {} });
  });

  it("GetPluginInfo", async () => {
    expect(await client.call("plugin.GetPluginInfo", "hello")).toMatchObject({ Name: "hello", Phases: ["access"], LoadTime: 2 });
    await expect(client.call("plugin.GetPluginInfo", "other")).rejects.toThrow("there is no plugin other");
  });

  it("StartInstance takes the configuration as str, as bin, or not at all", async () => {
    const started = { Name: "hello", Id: FIRST_INSTANCE, StartTime: 3 };
    expect(await client.call("plugin.StartInstance", { Name: "hello", Config: '{"a":1}' })).toEqual({
      ...started,
      Config: { a: 1 },
    });
    expect(await client.call("plugin.StartInstance", { Name: "hello", Config: Buffer.from('{"b":"é"}') })).toEqual({
      ...started,
      Config: { b: "é" },
    });
    expect(await client.call("plugin.StartInstance", { Name: "hello" })).toEqual({ ...started, Config: {} });
    expect(await client.call("plugin.StartInstance", { Name: "hello", Config: null, Extra: [1] })).toEqual({
      ...started,
      Config: {},
    });
  });

  it.each(["InstanceStatus", "CloseInstance"])("%s, and the text for an id it does not know", async (method) => {
    expect(await client.call(`plugin.${method}`, FIRST_INSTANCE)).toMatchObject({ Id: FIRST_INSTANCE });
    // Gateways match this very text and start the instance again.
    expect((await client.request(`plugin.${method}`, 99)).error).toBe("No plugin instance 99");
  });
});

describe("calls that cannot be answered as asked", () => {
  it.each([
    ["plugin.Nothing", [1], "there is no method plugin.Nothing"],
    ["GetStatus", [1], "there is no method GetStatus"],
    ["plugin.constructor", [1], "there is no method plugin.constructor"],
    ["plugin.GetStatus", [], "plugin.GetStatus takes an argument"],
    ["plugin.GetPluginInfo", [5], "the plugin's name is not a string"],
    ["plugin.StartInstance", ["hello"], "Name is not a string"],
    ["plugin.StartInstance", [{ Config: "{}" }], "Name is not a string"],
    ["plugin.StartInstance", [{ Name: "hello", Config: { a: 1 } }], "Config is not a string"],
    ["plugin.InstanceStatus", ["1"], "the instance id is not an integer"],
    ["plugin.CloseInstance", [1.5], "the instance id is not an integer"],
    ["plugin.HandleEvent", [null], "InstanceId is not an integer"],
    ["plugin.HandleEvent", [{ InstanceId: FIRST_INSTANCE }], "EventName is not a string"],
    ["plugin.HandleEvent", [{ InstanceId: 99, EventName: "access" }], "No plugin instance 99"],
    ["plugin.Step", [7], "a step takes a map with EventId and Data"],
    ["plugin.Step", [{ Data: 1 }], "EventId is not an integer"],
    ["plugin.Step", [{ EventId: "x" }], "EventId is not an integer"],
  ])("%s %j", async (method, args, text) => {
    const { error, result } = await client.request(method, ...args);
    expect(error).toBe(text);
    expect(result).toBeNull();
    expect(internal).toEqual([]);
  });

  it.each([
    ["a fault of the server itself", new TypeError("broken")],
    ["one of Node.js, with a code of its own,", Object.assign(new RangeError("broken"), { code: "ERR_OUT_OF_RANGE" })],
  ])("%s is an answer, and told to its owner", async (_what, fault) => {
    service.onPluginInfo = () => Promise.reject(fault);
    await expect(client.call("plugin.GetPluginInfo", "hello")).rejects.toThrow("broken");
    expect(internal).toEqual([[expect.stringContaining("GetPluginInfo"), fault]]);
    expect(await client.call("plugin.SetPluginDir", "/x")).toBe("ok");
  });
});

describe("pipelined requests", () => {
  it("in one packet all get their answer, by their ids", async () => {
    const answers = [21, 22, 23, 24].map((id) => client.expectReply(id));
    client.write(
      Buffer.concat([
        encodeRequest(21, "plugin.GetPluginInfo", "hello"),
        encodeRequest(22, "plugin.InstanceStatus", FIRST_INSTANCE),
        encodeRequest(23, "plugin.Nothing", 1),
        encodeRequest(24, "plugin.SetPluginDir", "/x"),
      ]),
    );
    const [info, status, error, directoryAnswer] = await Promise.all(answers);
    expect(info?.result).toMatchObject({ Name: "hello" });
    expect(status?.result).toMatchObject({ Id: FIRST_INSTANCE });
    expect(error?.error).toBe("there is no method plugin.Nothing");
    expect(directoryAnswer?.result).toBe("ok");
  });

  it("one that takes long does not hold up the others", async () => {
    let release: () => void = () => {};
    service.onPluginInfo = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    const slow = client.call("plugin.GetPluginInfo", "hello");
    expect(await client.call("plugin.SetPluginDir", "/x")).toBe("ok");
    release();
    expect(await slow).toMatchObject({ Name: "hello" });
  });
});

describe("an event", () => {
  it("is played call by call and ends with `ret`", async () => {
    const { id, answer } = await handleEvent();
    ask(id, "kong.request.get_header", "host");
    expect((await answer).result).toEqual({ EventId: id, Data: { Method: "kong.request.get_header", Args: ["host"] } });

    const stepped = handlerStepped();
    const step = client.request("plugin.Step", { EventId: id, Data: "example.com" });
    await stepped;
    expect(service.host.told[1]).toEqual(["step", id, false, encodeValue("example.com").toString()]);
    engine.calls.get(id)?.done();
    expect((await step).result).toEqual({ EventId: id, Data: "ret" });
    expect(engine.calls.size).toBe(0);
  });

  it.each(["Step", "StepCredential", "StepRoute", "StepService", "StepConsumer", "StepMemoryStats", "StepMultiMap"])(
    "%s brings a value, and none where Data is absent",
    async (method) => {
      const { id, answer } = await handleEvent();
      ask(id, "kong.any");
      await answer;
      ask(id, "kong.any");
      await client.call(`plugin.${method}`, { Data: [1, "a"], EventId: id });
      const stepped = handlerStepped();
      const last = client.call(`plugin.${method}`, { EventId: id });
      await stepped;
      engine.calls.get(id)?.done();
      await last;
      expect(service.host.told.slice(1)).toEqual([
        ["step", id, false, encodeValue([1, "a"]).toString()],
        ["step", id, false, undefined],
      ]);
    },
  );

  it("StepError brings the error of a call", async () => {
    const { id, answer } = await handleEvent();
    ask(id, "kong.any");
    await answer;
    const stepped = handlerStepped();
    const step = client.call("plugin.StepError", { EventId: id, Data: "no such upstream" });
    await stepped;
    engine.calls.get(id)?.done();
    await step;
    expect(service.host.told[1]).toEqual(["step", id, true, encodeValue("no such upstream").toString()]);
  });

  it("moves to another connection between its calls", async () => {
    const other = await WireClient.connect(socketPath());
    const { id, answer } = await handleEvent();
    ask(id, "kong.any");
    await answer;
    const step = other.request("plugin.Step", { EventId: id });
    engine.calls.get(id)?.done();
    expect(await dataOf(step)).toBe("ret");
    await other.close();
  });

  it("many run at once on one connection, each with its own answers", async () => {
    const started = [];
    for (let i = 0; i < 10; i += 1) started.push(await handleEvent());
    for (const { id } of started.toReversed()) ask(id, "kong.number", id);
    for (const { id, answer } of started) expect(await dataOf(answer)).toEqual({ Method: "kong.number", Args: [id] });
  });

  it("that its connection leaves behind does no harm", async () => {
    const other = await WireClient.connect(socketPath());
    const { id, answer } = await handleEvent(other);
    answer.catch(() => {});
    await other.close();
    await expect.poll(() => closed.length).toBe(1);
    ask(id, "kong.any");
    expect(await client.call("plugin.SetPluginDir", "/x")).toBe("ok");
  });
});

describe("a step", () => {
  it("for an event that is over is answered `ret`", async () => {
    const { id, answer } = await handleEvent();
    engine.calls.get(id)?.done();
    await answer;
    expect((await client.request("plugin.Step", { EventId: id })).result).toEqual({ EventId: id, Data: "ret" });
  });

  it("for an event that nobody knows ends the request: passing it would fail open", async () => {
    const { id, answer } = await handleEvent();
    const result = await client.call("plugin.Step", { EventId: id + 1000 });
    expect(result).toEqual({ EventId: id + 1000, Data: { Method: "kong.response.exit", Args: [500, "unknown"] } });
    engine.calls.get(id)?.done();
    await answer;
  });

  it.each([-1, 2 ** 32, 2 ** 40])("for the id %d, which no event ever had, ends the request too", async (id) => {
    expect(await dataOf(client.request("plugin.Step", { EventId: id }))).toMatchObject({ Method: "kong.response.exit" });
  });

  it("that no call waits for is an error, and the event goes on", async () => {
    const { id, answer } = await handleEvent();
    expect((await client.request("plugin.Step", { EventId: id })).error).toBe(`event ${id} waits for no step`);
    engine.calls.get(id)?.done();
    expect(await dataOf(answer)).toBe("ret");
  });

  it("with an error for a write-behind call is told to the owner", async () => {
    const { id, answer } = await handleEvent();
    engine.calls.get(id)?.asked([{ data: encodeCall("kong.service.set_upstream", ["x"]), wantsAnswer: false, ends: false }]);
    await answer;
    engine.calls.get(id)?.done();
    await client.call("plugin.StepError", { EventId: id, Data: "no such upstream" });
    expect(refused).toEqual([expect.stringContaining("kong.service.set_upstream")]);
  });

  it("may carry more than its two fields, of any type", async () => {
    const { id, answer } = await handleEvent();
    ask(id, "kong.any");
    await answer;
    const stepped = handlerStepped();
    const step = client.request("plugin.Step", { Other: { deep: [1, { a: 2 }] }, Data: "x", EventId: id });
    await stepped;
    engine.calls.get(id)?.done();
    expect(await dataOf(step)).toBe("ret");
    expect(service.host.told[1]).toEqual(["step", id, false, encodeValue("x").toString()]);
  });
});
