// Owns checking that no client, whatever it sends or leaves undone, harms the process or anybody else.
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from "vitest";
import {
  connectPeer,
  encodeRequest,
  isRecord,
  PROTOCOLS,
  runPhase,
  startInstance,
  startServer,
  WireClient,
} from "../support/index.js";
import type { RunningServer } from "../support/index.js";
import { Bystander } from "./bystander.js";
import { GARBAGE, randomGarbage } from "./garbage.js";
import { eventually, processState } from "./process-state.js";
import type { ProcessState } from "./process-state.js";

const FAULTS = fileURLToPath(new URL("../fixtures/faults", import.meta.url));

let server: RunningServer;
let calm: ProcessState;
let bystander: Bystander;

beforeAll(async () => {
  server = await startServer({ plugins: FAULTS, flags: ["-event-timeout", "1s", "-log-level", "error"] });
  // The isolate is there before anything is counted.
  const client = await WireClient.connect(server.socketPath);
  await client.call("plugin.CloseInstance", await startInstance(client, "asks"));
  await client.close();
  calm = processState(server.pid);
});

afterAll(async () => {
  expect(await server.close()).toEqual({ code: 0, signal: null });
});

beforeEach(async () => {
  bystander = await Bystander.begin(server.socketPath);
});

afterEach(async () => {
  const { phases, troubles, slowestMs } = await bystander.stop();
  expect(troubles).toEqual([]);
  expect(phases).toBeGreaterThan(0);
  expect(slowestMs).toBeLessThan(2_000);
  await nothingLeftBehind();
});

async function nothingLeftBehind(): Promise<void> {
  await eventually(
    () => processState(server.pid).descriptors <= calm.descriptors && processState(server.pid).threads <= calm.threads,
    () => `${JSON.stringify(calm)} became ${JSON.stringify(processState(server.pid))}`,
  );
  const client = await WireClient.connect(server.socketPath);
  for (const id of await instancesOf(client)) await client.call("plugin.CloseInstance", id);
  expect(await instancesOf(client)).toEqual([]);
  await client.close();
}

async function instancesOf(client: WireClient): Promise<unknown[]> {
  const status = await client.call("plugin.GetStatus", 0);
  const plugins = isRecord(status) && isRecord(status["Plugins"]) ? Object.values(status["Plugins"]) : [];
  return plugins.flatMap((plugin) => {
    const list: unknown = isRecord(plugin) ? plugin["Instances"] : [];
    return Array.isArray(list) ? list.map((instance: unknown) => (isRecord(instance) ? instance["Id"] : instance)) : [];
  });
}

describe("bytes that are no request", () => {
  it.each(GARBAGE.filter(({ hopeless }) => hopeless))("$name: the connection is closed", async ({ bytes }) => {
    const client = await WireClient.connect(server.socketPath);
    client.write(bytes);
    await client.closed;
  });

  it.each(GARBAGE.filter(({ hopeless }) => !hopeless))("$name: the server waits, answers or closes", async ({ bytes }) => {
    const client = await WireClient.connect(server.socketPath);
    const before = processState(server.pid).residentBytes;
    client.write(bytes);
    // Another connection's answer comes after the server has seen the bytes, or shortly before.
    const other = await WireClient.connect(server.socketPath);
    for (let i = 0; i < 3; i++) await other.call("plugin.GetStatus", 0);
    expect(processState(server.pid).residentBytes - before).toBeLessThan(200 * 1024 * 1024);
    client.destroy();
    await client.closed;
    await other.close();
  });

  it("500 random ones", { timeout: 60_000 }, async () => {
    for (const [i, bytes] of randomGarbage(20_260_801, 500).entries()) {
      const client = await WireClient.connect(server.socketPath);
      client.write(bytes);
      if (i % 2 === 0) client.destroy();
      else await client.close();
      await client.closed;
    }
  });

  it("50 at a time, left open, then all gone at once", async () => {
    const clients = await Promise.all(
      randomGarbage(77, 50).map(async (bytes) => {
        const client = await WireClient.connect(server.socketPath);
        client.write(bytes);
        return client;
      }),
    );
    for (const client of clients) client.destroy();
    await Promise.all(clients.map((client) => client.closed));
  });
});

describe("depth and size", () => {
  const nested = (open: string, close: string, levels: number): string =>
    `{"deep":${open.repeat(levels)}1${close.repeat(levels)}}`;

  describe.each(PROTOCOLS)("over %s", (protocol) => {
    it.each([
      ["32 objects", nested('{"a":', "}", 32), "ret"],
      ["48 arrays", nested("[", "]", 48), "ret"],
      ["120 arrays", nested("[", "]", 120), "ret"],
      ["20,000 objects", nested('{"a":', "}", 20_000), "exit"],
      ["500,000 arrays", nested("[", "]", 500_000), "exit"],
      ["20,000 arrays that do not end", `{"deep":${"[".repeat(20_000)}`, "exit"],
    ])("a configuration of %s gets an instance, whose status harms nobody", async (_name, config, end) => {
      const peer = await connectPeer(protocol, server.socketPath);
      const started = await peer.call("plugin.StartInstance", { Name: "asks", Config: config });
      const id = isRecord(started) ? Number(started["Id"]) : 0;
      expect(id).toBeGreaterThan(0);
      expect((await runPhase(peer, id, "access")).end).toBe(end);
      const control = await WireClient.connect(server.socketPath);
      expect(await instancesOf(control)).toContain(id);
      await control.call("plugin.CloseInstance", id);
      await control.close();
      await peer.close();
    });
  });

  /** A request whose argument is this value. */
  const request = (method: string, ...argument: Uint8Array[]): Buffer =>
    Buffer.concat([encodeRequest(1, method, 0).subarray(0, -1), ...argument]);
  const array = (length: number): Buffer => {
    const header = Buffer.from([0xdd, 0, 0, 0, 0]);
    header.writeUInt32BE(length, 1);
    return header;
  };

  it.each([
    ["60 million nils", request("plugin.GetStatus", array(60e6), Buffer.alloc(60e6, 0xc0))],
    [
      "a million arrays of ten",
      request("plugin.Step", array(1e6), Buffer.alloc(11e6, Buffer.from("9ac0c0c0c0c0c0c0c0c0c0", "hex"))),
    ],
    ["60 million nils before the method", Buffer.concat([Buffer.from([0x94]), array(60e6), Buffer.alloc(60e6, 0xc0)])],
  ])("%s: the connection is closed, with the reason", { timeout: 30_000 }, async (_name, bytes) => {
    const client = await WireClient.connect(server.socketPath);
    client.write(bytes);
    await client.closed;
  });

  it("what a method does not ask for is passed over", { timeout: 30_000 }, async () => {
    const client = await WireClient.connect(server.socketPath);
    const reply = client.expectReply(1);
    client.write(request("plugin.GetStatus", array(200_000), Buffer.alloc(200_000, 0xc0)));
    expect((await reply).error).toBeNull();
    await client.close();
  });
});

describe("a client that leaves", () => {
  /** One conversation; `leave` is asked between all its moves. */
  async function converse(leave: (client: WireClient, next: Buffer) => boolean): Promise<void> {
    const client = await WireClient.connect(server.socketPath);
    const asks = { asks: ["a", "b"] };
    let id = 0;
    const say = async (method: string, argument: unknown): Promise<Record<string, unknown> | undefined> => {
      const bytes = encodeRequest(++id, method, argument);
      if (leave(client, bytes)) return undefined;
      const reply = client.expectReply(id);
      client.write(bytes);
      if (leave(client, bytes))
        return reply.then(
          () => undefined,
          () => undefined,
        );
      const { result } = await reply;
      return isRecord(result) ? result : undefined;
    };
    try {
      const started = await say("plugin.StartInstance", { Name: "asks", Config: JSON.stringify(asks) });
      if (started === undefined) return;
      const event = await say("plugin.HandleEvent", { InstanceId: started["Id"], EventName: "access" });
      if (event === undefined) return;
      for (let i = 0; i < 2; i++) if ((await say("plugin.Step", { EventId: event["EventId"], Data: "x" })) === undefined) return;
      await say("plugin.CloseInstance", started["Id"]);
    } finally {
      client.destroy();
    }
  }

  it.each(Array.from({ length: 10 }, (_, move) => move))("at move %i", async (move) => {
    for (let i = 0; i < 5; i++) {
      let moves = 0;
      await converse((client) => {
        if (moves++ !== move) return false;
        client.destroy();
        return true;
      });
    }
  });

  it("in the middle of a request, at every byte", { timeout: 60_000 }, async () => {
    const length = encodeRequest(1, "plugin.StartInstance", { Name: "asks", Config: "{}" }).length;
    for (let at = 1; at < length; at++) {
      let requests = 0;
      await converse((client, next) => {
        if (requests++ !== 0) return false;
        client.write(next.subarray(0, at));
        client.destroy();
        return true;
      });
    }
  });

  it("with 200 answers unread", async () => {
    for (let i = 0; i < 10; i++) {
      const client = await WireClient.connect(server.socketPath);
      client.write(Buffer.concat(Array.from({ length: 200 }, (_, id) => encodeRequest(id, "plugin.GetStatus", 0))));
      if (i % 2 === 0) await client.nextMessage();
      client.destroy();
      await client.closed;
    }
  });
});
