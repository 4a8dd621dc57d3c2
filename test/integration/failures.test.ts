// Owns checking that a plugin's fault ends its own event, in a way every gateway survives, and nothing else.
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectPeer, GatewayAnswer, PROTOCOLS, runPhase, startInstance, startServer, WireClient } from "../support/index.js";
import type { Peer, PhaseRun, RunningServer } from "../support/index.js";

const ERRORS = fileURLToPath(new URL("../fixtures/errors", import.meta.url));

describe.each(PROTOCOLS)("over %s", (protocol) => {
  /** For what only one of the protocols can say. */
  const inMsgpack = it.runIf(protocol === "MsgPack:1");
  let server: RunningServer;
  let client: Peer;

  beforeAll(async () => {
    // Refused calls leave events behind that nobody will ever finish: do not let the end wait for them.
    server = await startServer({ plugins: ERRORS, flags: ["-event-timeout", "2s"] });
  });

  afterAll(async () => {
    expect(await server.close()).toEqual({ code: 0, signal: null });
  });

  beforeEach(async () => {
    client = await connectPeer(protocol, server.socketPath);
  });

  // Whatever the plugin did, the connection carries its next call, and nothing came that nobody had asked for.
  afterEach(async () => {
    expect(await client.call("plugin.GetStatus", 0)).toMatchObject({ Pid: server.pid });
    await client.close();
  });

  /** The request ends with 500; a line in the gateway's log before that is allowed. */
  function expectFailed(run: PhaseRun): void {
    expect(run.end).toBe("exit");
    const beside = ["kong.request.get_method", "kong.response.clear_header"];
    const calls = run.calls.filter(({ method }) => !beside.includes(method));
    expect(calls.at(-1)?.method).toBe("kong.response.exit");
    expect(calls.at(-1)?.args[0]).toBe(500);
    expect(calls.slice(0, -1).every(({ method }) => method === "kong.log.err")).toBe(true);
  }

  /** There is no request left to end: a line in the gateway's log, and the phase is over. */
  function expectPassed(run: PhaseRun): void {
    expect(run.end).toBe("ret");
    expect(run.calls.every(({ method }) => method === "kong.log.err")).toBe(true);
  }

  describe("StartInstance that cannot succeed gives an id whose events fail", () => {
    it.each([
      ["an unknown plugin", { Name: "nowhere", Config: "{}" }],
      ["a configuration that is no JSON", { Name: "throws-in-timer", Config: "{" }],
      ["a configuration that is no object", { Name: "throws-in-timer", Config: "7" }],
      ["a configuration that is not UTF-8", { Name: "throws-in-timer", Config: Buffer.from([0x7b, 0xff, 0x7d]) }],
      ["an empty configuration", { Name: "throws-in-timer", Config: "" }],
      ["a constructor that throws", { Name: "throws-in-constructor", Config: "{}" }],
    ])("%s", async (_case, argument) => {
      const status = await client.call("plugin.StartInstance", argument);
      expect(status).toMatchObject({ Name: argument.Name, Id: expect.any(Number) as number });
      const { Id: id } = status as { Id: number };
      for (const phase of ["rewrite", "access", "response"]) expectFailed(await runPhase(client, id, phase));
      expectPassed(await runPhase(client, id, "log"));
      expect(await client.call("plugin.InstanceStatus", id)).toMatchObject({ Id: id });
      expect(await client.call("plugin.CloseInstance", id)).toMatchObject({ Id: id });
      const { end, error } = await runPhase(client, id, "access");
      expect({ end, error }).toEqual({
        end: "error",
        error: protocol === "MsgPack:1" ? `No plugin instance ${id}` : "lost the plugin server: it closed the connection",
      });
    });
  });

  it("failures are told once a second, with the ids that the gateway gave", async () => {
    const ids = {
      __plugin_id: "202af936-8624-4e52-a07e-02a56500a206",
      route_id: "a840555f-b1ea-438b-a658-7256c5c82536",
      service_id: "0dc6f45b-8f8d-40d2-a504-473544ee190b",
    };
    const id = await startInstance(client, "throws", { ...ids, __seq__: 1, __key__: "plugins:throws" });
    for (let event = 0; event < 100; event += 1) expectFailed(await runPhase(client, id, "access"));
    await server.waitForLine(new RegExp(`and \\d+ more in the last second: .*"binding":${id},`));
    const lines = server.lines.filter((line) => line.includes(`"binding":${id},`));
    expect(lines[0]).toMatch(
      /ERROR: \[throws\] plugin throws failed in access: thrown in access \{"gateway":"kong","function":"access",/,
    );
    expect(lines[0]).toContain(
      `"plugin_id":"${ids.__plugin_id}","route_id":"${ids.route_id}","service_id":"${ids.service_id}","err":{"type":"Error","stack":"Error: thrown`,
    );
    expect(lines.length).toBeLessThan(20);
  });

  describe("a handler that throws", () => {
    it.each(["rewrite", "access", "response"])("ends the request in %s, and says why in the gateway's log", async (phase) => {
      const id = await startInstance(client, "throws");
      const run = await runPhase(client, id, phase, { answer: () => "GET" });
      expectFailed(run);
      const logged = run.calls.find(({ method }) => method === "kong.log.err");
      expect(String(logged?.args[0])).toContain(`thrown in ${phase}`);
      // The client of the gateway must not read a plugin's internals.
      expect(JSON.stringify(run.calls.at(-1)?.args)).not.toContain("thrown in");
    });

    it("takes back in response what the service said of its body, and nothing else", async () => {
      const run = await runPhase(client, await startInstance(client, "throws"), "response");
      const cleared = run.calls.flatMap(({ method, args }) => (method === "kong.response.clear_header" ? args : []));
      expect(cleared).toEqual(expect.arrayContaining(["Content-Encoding", "ETag", "Content-Disposition"]));
      expect(cleared).not.toContain("Set-Cookie");
      expect(run.calls.at(-1)?.method).toBe("kong.response.exit");
    });

    it("ends the phase in log", async () => {
      const id = await startInstance(client, "throws");
      expectPassed(await runPhase(client, id, "log"));
    });

    it("is named in the server's log with plugin, phase and the place in its file", async () => {
      const id = await startInstance(client, "throws");
      await runPhase(client, id, "access", { answer: () => "GET" });
      const line = await server.waitForLine(/thrown in access/);
      expect(line).toContain("throws");
      expect(server.lines.join("\n")).toMatch(/throws\.cjs:\d+/);
    });

    it.each(["access", "rewrite"])("may throw what is no Error (%s)", async (phase) => {
      const id = await startInstance(client, "throws-no-error");
      expectFailed(await runPhase(client, id, phase));
    });

    it("keeps its instance: the next event runs", async () => {
      const id = await startInstance(client, "throws");
      for (let i = 0; i < 3; i++) expectFailed(await runPhase(client, id, "rewrite"));
    });

    it("ends even when the gateway refuses the log line", async () => {
      const id = await startInstance(client, "throws");
      const run = await runPhase(client, id, "rewrite", {
        answer: (method) => (method === "kong.log.err" ? GatewayAnswer.error("no log") : undefined),
      });
      expectFailed(run);
    });
  });

  describe("an error that nobody waits for", () => {
    inMsgpack.each(["timer", "rejection"])(
      "(%s) leaves the event, the instance or its successor and the server alive",
      async (how) => {
        const id = await startInstance(client, "throws-in-timer", { how });
        const calm = await startInstance(client, "throws-in-timer", { how: "not" });
        const { result } = await client.request("plugin.HandleEvent", { InstanceId: id, EventName: "access" });
        expect(result).toMatchObject({ Data: { Method: "kong.request.get_method" } });
        await server.waitForLine(how === "timer" ? /thrown in a timer/ : /left alone/);
        const { EventId: event } = result as { EventId: number };
        const step = (await client.call("plugin.Step", { EventId: event, Data: "GET" })) as { Data: unknown };
        // Either the event went on, or it ended in the way a failed handler's does.
        expect(
          step.Data === "ret" || ["kong.log.err", "kong.response.exit"].includes((step.Data as { Method: string }).Method),
        ).toBe(true);
        expect(await runPhase(client, calm, "access", { answer: () => "GET" })).toMatchObject({ end: "ret" });
        expect((await client.call("plugin.GetStatus", 0)) as { Pid: number }).toMatchObject({ Pid: server.pid });
      },
    );
  });

  describe("calls after the end", () => {
    it.each(["not-awaited", "caught", "in-finally"])("of the request are refused (%s)", async (how) => {
      const id = await startInstance(client, "exits-twice", { how });
      for (let i = 0; i < 3; i++) {
        const run = await runPhase(client, id, "access");
        expect(run.calls).toEqual([{ method: "kong.response.exit", args: [401, "first"] }]);
      }
    });

    it.each([
      ["later", "exit"],
      ["after-ret", "ret"],
    ])("are refused with a PdkError (%s)", async (how, end) => {
      const id = await startInstance(client, "exits-twice", { how });
      expect((await runPhase(client, id, "access")).end).toBe(end);
      await server.waitForLine(/late call refused: PdkError PDK_EVENT_ENDED/);
      expect(server.lines.some((line) => line.includes("late call answered"))).toBe(false);
    });

    inMsgpack(
      "a Step for an event that is over ends it again, and one for an event that never was does not let the request through",
      async () => {
        const id = await startInstance(client, "exits-twice", { how: "caught" });
        const { eventId } = await runPhase(client, id, "access");
        expect(await client.call("plugin.Step", { EventId: eventId })).toEqual({ EventId: eventId, Data: "ret" });
        const step = await client.request("plugin.Step", { EventId: 999_999_999 });
        expect(
          typeof step.error === "string" || (step.result as { Data: { Method: string } }).Data.Method === "kong.response.exit",
        ).toBe(true);
      },
    );

    inMsgpack("a Step that nobody waits for is an error, and the event goes on", async () => {
      const id = await startInstance(client, "throws-in-timer", { how: "not" });
      const other = await WireClient.connect(server.socketPath);
      const { EventId: event } = (await client.call("plugin.HandleEvent", { InstanceId: id, EventName: "access" })) as {
        EventId: number;
      };
      const both = await Promise.all([
        client.request("plugin.Step", { EventId: event, Data: "GET" }),
        other.request("plugin.Step", { EventId: event, Data: "GET" }),
      ]);
      for (const { error, result } of both)
        expect(typeof error === "string" || (result as { Data: unknown }).Data === "ret").toBe(true);
      expect(both.some(({ error }) => error === null)).toBe(true);
      await other.close();
    });
  });

  it("a gateway that refuses a call leaves the event, and its connection goes on", async () => {
    const id = await startInstance(client, "throws-in-timer", { how: "not" });
    expect((await runPhase(client, id, "access", { answer: () => GatewayAnswer.refused() })).end).toBe("refused");
    expect((await runPhase(client, id, "access", { answer: () => "GET" })).end).toBe("ret");
  });
});
