// Owns checking that a plugin that exits, loops or hangs takes nobody with it, and comes back by itself.
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  connectPeer,
  type Peer,
  type PhaseRun,
  PROTOCOLS,
  runPhase,
  type RunningServer,
  startInstance,
  startServer,
} from "../support/index.js";

const ISOLATION = fileURLToPath(new URL("../fixtures/isolation", import.meta.url));

describe.each(PROTOCOLS)("over %s", (protocol) => {
  let server: RunningServer;
  let client: Peer;

  beforeAll(async () => {
    // Those that are to be given up say so themselves: the others have the time that a busy machine takes to start an isolate.
    server = await startServer({ plugins: ISOLATION });
  });

  afterAll(async () => {
    expect(await server.close()).toEqual({ code: 0, signal: null });
  });

  beforeEach(async () => {
    client = await connectPeer(protocol, server.socketPath);
    return () => client.close();
  });

  const answer = (): string => "GET";

  function expectFailed(run: PhaseRun): void {
    expect(run.end).toBe("exit");
    expect(run.calls.at(-1)).toMatchObject({ method: "kong.response.exit", args: [500, expect.anything()] });
  }

  describe("process.exit() in a handler", () => {
    it("ends its event with 500, and every instance is there again under its id", async () => {
      const calm = await startInstance(client, "exits", { how: "none", label: "L" });
      const exits = await startInstance(client, "exits", { how: "exit" });
      const other = await startInstance(client, "asks", { asks: ["a"] });
      for (let i = 0; i < 3; i++) {
        expectFailed(await runPhase(client, exits, "access"));
        expect(await runPhase(client, calm, "access")).toMatchObject({ calls: [{ args: ["label", "L"] }], end: "ret" });
        expect(await runPhase(client, other, "access")).toMatchObject({ calls: [{ args: ["a"] }], end: "ret" });
      }
      expect(await client.call("plugin.InstanceStatus", exits)).toMatchObject({ Id: exits });
      await server.waitForLine(/exits.*isolate|isolate.*exits/);
    });

    it.runIf(protocol === "MsgPack:1")("ends the other events of its plugin with 500 too, wherever they are", async () => {
      const calm = await startInstance(client, "loops", { loop: false });
      expect((await runPhase(client, calm, "access", { answer })).end).toBe("ret");
      const waiting = await startInstance(client, "exits", { how: "none", label: "L" });
      const exits = await startInstance(client, "exits", { how: "exit" });
      const begun = await client.call("plugin.HandleEvent", { InstanceId: waiting, EventName: "access" });
      expectFailed(await runPhase(client, exits, "access"));
      // Its only call had been made before the isolate ended: the gateway still owes the step.
      const { EventId: event } = begun as { EventId: number };
      const step = (await client.call("plugin.Step", { EventId: event })) as { Data: unknown };
      expect(
        step.Data === "ret" || ["kong.log.err", "kong.response.exit"].includes((step.Data as { Method: string }).Method),
      ).toBe(true);
    });
  });

  it("a stack overflow ends its event with 500 and nothing else", async () => {
    const id = await startInstance(client, "exits", { how: "overflow" });
    for (let i = 0; i < 3; i++) expectFailed(await runPhase(client, id, "access"));
  });

  describe("a handler that never returns", () => {
    it.each(["access", "rewrite"])("ends with 500 at its deadline (%s)", async (phase) => {
      const id = await startInstance(client, "never-returns");
      const began = performance.now();
      const run = await runPhase(client, id, phase);
      expectFailed(run);
      expect(performance.now() - began).toBeGreaterThan(500);
      expect(performance.now() - began).toBeLessThan(5_000);
      await server.waitForLine(/never-returns.*(given up|too long|deadline)/);
    });

    it("ends in log too", async () => {
      const id = await startInstance(client, "never-returns");
      expect((await runPhase(client, id, "log")).end).toBe("ret");
    });
  });

  describe("a handler that loops", () => {
    it("does not disturb other plugins, ends with 500 at its deadline, and its plugin works again", async () => {
      const loops = await startInstance(client, "loops", { loop: true });
      const calm = await startInstance(client, "loops", { loop: false, label: "back" });
      const other = await startInstance(client, "asks", { asks: ["a"] });
      const second = await connectPeer(protocol, server.socketPath);
      const looping = runPhase(second, loops, "access", { answer });
      const running = new Set([looping]);
      void looping.finally(() => running.clear());
      let phases = 0;
      for (; running.size > 0; phases += 1) expect((await runPhase(client, other, "access")).end).toBe("ret");
      expect(phases).toBeGreaterThan(10);
      expectFailed(await looping);
      // On a busy machine it is found looping only when it had its share of the processors, and a call may run into its deadline until then.
      await expect
        .poll(() => runPhase(client, calm, "access", { answer }), { timeout: 15_000 })
        .toMatchObject({ calls: [{ method: "kong.request.get_method" }, { args: ["label", "back"] }], end: "ret" });
      await second.close();
    });
  });
});
