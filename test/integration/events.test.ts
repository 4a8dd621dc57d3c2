// Owns checking how events run: their calls and answers, on whichever connection, side by side, to their end.
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GatewayAnswer, runPhase, startInstance, startServer, WireClient } from "../support/index.js";
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

describe("events", () => {
  it("plays a phase to its end", async () => {
    const id = await startInstance(client, "hello", { message: "dear" });
    const run = await runPhase(client, id, "access", { answer: hostOnly });
    expect(run).toMatchObject({
      end: "ret",
      calls: [
        { method: "kong.request.get_header", args: ["host"] },
        { method: "kong.response.set_header", args: ["x-hello", "dear example.com"] },
        { method: "kong.response.set_header", args: ["x-pid", server.pid] },
      ],
    });
  });

  it("goes on when an event moves to another connection between its calls", async () => {
    const id = await startInstance(client, "asks", { asks: ["a", "b", "c", "d", "e"] });
    const connections = [client, await WireClient.connect(server.socketPath), await WireClient.connect(server.socketPath)];
    let turn = 0;
    const run = await runPhase(client, id, "access", {
      connection: () => connections[turn++ % connections.length] ?? client,
      answer: (_, args) => `value of ${String(args[0])}`,
    });
    expect(run.end).toBe("ret");
    expect(run.calls.map(({ args }) => args[0])).toEqual(["a", "b", "c", "d", "e"]);
    for (const connection of connections.slice(1)) await connection.close();
  });

  it("keeps an event whose connection closed, for the next connection", async () => {
    const id = await startInstance(client, "asks", { asks: ["a", "b"] });
    const first = await WireClient.connect(server.socketPath);
    const { result } = await first.request("plugin.HandleEvent", { InstanceId: id, EventName: "access" });
    const { EventId: event } = result as { EventId: number };
    await first.close();
    const step = await client.call("plugin.Step", { EventId: event, Data: "1" });
    expect(step).toMatchObject({ EventId: event, Data: { Method: "kong.request.get_header", Args: ["b"] } });
    expect(await client.call("plugin.Step", { EventId: event })).toEqual({ EventId: event, Data: "ret" });
  });

  it("reuses the connection at once after an exit", async () => {
    const other = await WireClient.connect(server.socketPath);
    const id = await startInstance(other, "status");
    for (let i = 0; i < 20; i++) {
      const run = await runPhase(other, id, "access");
      expect(run.calls).toEqual([{ method: "kong.response.exit", args: [403, { error: "no entry" }, { "x-why": "status" }] }]);
    }
    expect(await other.call("plugin.GetStatus", 0)).toMatchObject({ Pid: server.pid });
    await other.close();
  });

  it("runs events of one instance side by side", async () => {
    const id = await startInstance(client, "waits");
    const counts: unknown[] = [];
    const answer = (method: string, args: readonly unknown[]): unknown => {
      if (method === "kong.ctx.shared.set") counts.push(args[1]);
      return "x";
    };
    const begin = async (): Promise<number> =>
      ((await client.call("plugin.HandleEvent", { InstanceId: id, EventName: "access" })) as { EventId: number }).EventId;
    const first = await begin();
    const second = await begin();
    expect(second).not.toBe(first);
    expect(await client.call("plugin.Step", { EventId: second, Data: "GET" })).toMatchObject({ Data: { Args: ["running", 2] } });
    expect(await client.call("plugin.Step", { EventId: first, Data: "GET" })).toMatchObject({ Data: { Args: ["running", 2] } });
    for (const event of [first, second]) {
      expect(await client.call("plugin.Step", { EventId: event })).toMatchObject({ Data: { Method: "kong.request.get_path" } });
      expect(await client.call("plugin.Step", { EventId: event, Data: "/" })).toEqual({ EventId: event, Data: "ret" });
    }
    await Promise.all(Array.from({ length: 10 }, () => runPhase(client, id, "access", { answer })));
    expect(Math.max(...counts.map(Number))).toBeGreaterThan(1);
  });

  describe("calls that return nothing and calls that do", () => {
    const order = [
      "kong.response.set_header x-1",
      "kong.response.add_header x-2",
      "kong.request.get_header a",
      "kong.service.request.set_header x-3",
      "kong.request.get_header b",
      "kong.response.set_status 201",
      "kong.request.get_header c",
      "kong.request.get_header d",
      "kong.ctx.shared.set seen",
      "kong.log.notice last",
    ];
    const named = (method: string, args: readonly unknown[]): unknown =>
      method === "kong.request.get_header" ? `value of ${String(args[0])}` : undefined;

    it("keep their order, and each gets its own answer", async () => {
      const id = await startInstance(client, "mixed");
      const run = await runPhase(client, id, "access", { answer: named });
      expect(run.calls.map(({ method, args }) => `${method} ${String(args[0])}`)).toEqual(order);
      expect(run.calls[8]?.args[1]).toEqual(["value of a", "value of b", "value of c", "value of d"]);
      expect(run.end).toBe("ret");
    });

    it("an error of the gateway for one that returns nothing is a line in the log, and ends the request", async () => {
      const id = await startInstance(client, "mixed");
      const run = await runPhase(client, id, "access", {
        answer: (method, args) =>
          method === "kong.response.add_header" ? GatewayAnswer.error("headers were sent") : named(method, args),
      });
      expect(run.calls.map(({ method, args }) => `${method} ${String(args[0])}`)).toEqual([
        ...order.slice(0, 2),
        "kong.log.err plugin mixed failed in access: kong.response.add_header failed in the gateway: headers were sent",
        "kong.response.exit 500",
      ]);
      expect(await server.waitForLine(/headers were sent/)).toMatch(/mixed.*add_header|add_header.*mixed/);
    });

    it("an error of the gateway for one that returns something is a PdkError in the handler", async () => {
      const id = await startInstance(client, "mixed");
      const run = await runPhase(client, id, "access", {
        answer: (method, args) => (args[0] === "d" ? GatewayAnswer.error("no d") : named(method, args)),
      });
      expect(run.calls[8]?.args[1]).toEqual(["value of a", "value of b", "value of c", "PDK_CALL_FAILED"]);
    });
  });

  it("serves 100 connections at once", async () => {
    const id = await startInstance(client, "asks", { asks: ["a", "b"] });
    const connections = await Promise.all(Array.from({ length: 100 }, () => WireClient.connect(server.socketPath)));
    const runs = await Promise.all(
      connections.map((connection, i) => runPhase(connection, id, "access", { answer: (_, args) => `${i} ${String(args[0])}` })),
    );
    expect(runs.every(({ end, calls }) => end === "ret" && calls.map(({ args }) => args[0]).join() === "a,b")).toBe(true);
    await Promise.all(connections.map((connection) => connection.close()));
  });

  it("lets running events finish when their instance is closed", async () => {
    const id = await startInstance(client, "asks", { asks: ["a", "b"] });
    const { EventId: event } = (await client.call("plugin.HandleEvent", { InstanceId: id, EventName: "access" })) as {
      EventId: number;
    };
    await client.call("plugin.CloseInstance", id);
    expect(await client.call("plugin.Step", { EventId: event, Data: "1" })).toMatchObject({ Data: { Args: ["b"] } });
    expect(await client.call("plugin.Step", { EventId: event, Data: "2" })).toEqual({ EventId: event, Data: "ret" });
  });

  it("answers a phase without a handler with ret", async () => {
    const id = await startInstance(client, "hello");
    expect(await runPhase(client, id, "rewrite")).toMatchObject({ end: "ret", calls: [] });
  });
});
