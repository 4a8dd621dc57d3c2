// Owns checking that no client of ProtoBuf:1, whatever it sends, answers or leaves undone, harms the process or anybody else.
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  connectPeer,
  frame,
  FrameClient,
  isRecord,
  PROTOCOLS,
  rpcCall,
  type RunningServer,
  startInstance,
  startServer,
  WireClient,
} from "../support/index.js";
import { Bystander } from "./bystander.js";
import { randomFrames } from "./garbage.js";
import { eventually, processState, type ProcessState } from "./process-state.js";

const FAULTS = fileURLToPath(new URL("../fixtures/faults", import.meta.url));

let server: RunningServer;
let calm: ProcessState;
let bystanders: Bystander[];
let instance: number;

beforeAll(async () => {
  server = await startServer({
    plugins: FAULTS,
    flags: ["-event-timeout", "1s", "-log-level", "error", "-max-message-size", "4MB"],
  });
  // The isolate, and its codec, are there before anything is counted.
  const peer = await connectPeer("ProtoBuf:1", server.socketPath);
  instance = await startInstance(peer, "asks", { asks: ["a", "b"] });
  await peer.close();
  calm = processState(server.pid);
});

afterAll(async () => {
  expect(await server.close()).toEqual({ code: 0, signal: null });
});

// One in each protocol.
beforeEach(async () => {
  bystanders = await Promise.all(PROTOCOLS.map((protocol) => Bystander.begin(server.socketPath, protocol)));
});

afterEach(async () => {
  for (const bystander of bystanders) {
    const { phases, troubles, slowestMs } = await bystander.stop();
    expect(troubles).toEqual([]);
    expect(phases).toBeGreaterThan(0);
    expect(slowestMs).toBeLessThan(2_000);
  }
  await eventually(
    () => processState(server.pid).descriptors <= calm.descriptors && processState(server.pid).threads <= calm.threads,
    () => `${JSON.stringify(calm)} became ${JSON.stringify(processState(server.pid))}`,
  );
  await closeInstances();
});

/** Those that the bystanders left, and whoever else started one. */
async function closeInstances(): Promise<void> {
  const client = await WireClient.connect(server.socketPath);
  const status = await client.call("plugin.GetStatus", 0);
  const plugins = isRecord(status) && isRecord(status["Plugins"]) ? Object.values(status["Plugins"]) : [];
  const ids = plugins.flatMap((plugin) =>
    isRecord(plugin) && Array.isArray(plugin["Instances"]) ? (plugin["Instances"] as { Id: number }[]).map(({ Id }) => Id) : [],
  );
  for (const id of ids) if (id !== instance) await client.call("plugin.CloseInstance", id);
  await client.close();
}

const header = (length: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(length);
  return bytes;
};

const event = (sequence: number): Buffer => rpcCall(sequence, "cmdHandleEvent", { instanceId: instance, eventName: "access" });

/** What answers a command that is none: an empty frame, or nothing any more. */
async function refused(client: FrameClient): Promise<void> {
  const answer = await client.frame().catch(() => Buffer.alloc(0));
  expect(answer).toHaveLength(0);
  client.destroy();
}

describe("bytes that are no command", () => {
  it.each([
    ["a frame of bytes that are no message", frame(Buffer.alloc(100, 0xff))],
    ["a message that ends in the middle", frame(Buffer.from("8a02ff010a03", "hex"))],
    ["a length of 4 GB", header(0xffffffff)],
    ["a length of 4 GB, and some of it", Buffer.concat([header(0xffffffff), Buffer.alloc(3 << 20)])],
    ["a line of HTTP", Buffer.from("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")],
  ])("%s: the connection is closed", async (_name, bytes) => {
    const client = await FrameClient.connect(server.socketPath);
    client.write(bytes);
    await refused(client);
    await client.closed;
  });

  it.each([
    ["nothing at all", Buffer.alloc(0)],
    ["half a header", Buffer.from([5, 0])],
    ["a header and nothing behind it", header(4 << 20)],
    ["an empty frame", header(0)],
    ["a thousand empty frames", Buffer.alloc(4000)],
  ])("%s: the server waits, answers or closes, and takes no memory for it", async (_name, bytes) => {
    const before = processState(server.pid).residentBytes;
    const clients = await Promise.all(Array.from({ length: 50 }, () => FrameClient.connect(server.socketPath)));
    for (const client of clients) client.write(bytes);
    const other = await FrameClient.connect(server.socketPath);
    other.write(rpcCall(1, "cmdGetPluginNames", {}));
    await other.frame();
    expect(processState(server.pid).residentBytes - before).toBeLessThan(60 * 1024 * 1024);
    for (const client of [...clients, other]) client.destroy();
  });

  it("500 random ones", { timeout: 60_000 }, async () => {
    for (const bytes of randomFrames(20_261_121, 500, [
      event(3),
      rpcCall(4, "cmdStartInstance", { name: "asks", config: Buffer.from("{}") }),
    ])) {
      const client = await FrameClient.connect(server.socketPath);
      client.write(bytes);
      client.destroy();
      await client.closed;
    }
  });

  it("100 at a time, left open, then all gone at once", async () => {
    const clients = await Promise.all(
      randomFrames(78, 100, [event(3)]).map(async (bytes) => {
        const client = await FrameClient.connect(server.socketPath);
        client.write(bytes);
        return client;
      }),
    );
    for (const client of clients) client.destroy();
    await Promise.all(clients.map((client) => client.closed));
  });
});

describe("more elements than a message may have", () => {
  const nested = (tag: number[], content: Buffer): Buffer => {
    const size: number[] = [];
    for (let rest = content.length; ; rest >>>= 7) {
      size.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
      if (rest <= 0x7f) break;
    }
    return Buffer.concat([Buffer.from([...tag, ...size]), content]);
  };

  it.each([
    ["a command a million times", Buffer.alloc(3e6, Buffer.from("8a0200", "hex"))],
    ["a command with a million fields that nobody knows", nested([0x8a, 0x02], Buffer.alloc(2e6, Buffer.from("7801", "hex")))],
  ])("%s is refused", async (_name, bytes) => {
    const client = await FrameClient.connect(server.socketPath);
    client.write(frame(bytes));
    await refused(client);
  });

  it("an answer of a million entries ends its connection", async () => {
    const client = await FrameClient.connect(server.socketPath);
    const id = await client.startInstance("asks", { asks: ["*"] });
    expect(await client.begin(5, id, "access")).toBe("kong.request.get_headers");
    await client.frame();
    client.write(frame(Buffer.alloc(2e6, Buffer.from("0a00", "hex"))));
    await client.closed;
  });
});

describe("answers that are none", () => {
  it.each([
    ["bytes that are no message", Buffer.alloc(100, 0xff)],
    ["a message of another kind", Buffer.from("0a0a0a0a0a0a0a0a0a0a0a0a", "hex")],
    ["a number where a text is declared", Buffer.from("08ffffffffffffffffff01", "hex")],
    ["nesting without end", Buffer.concat(Array.from({ length: 5000 }, () => Buffer.from([0x32, 0x7f])))],
    ["a command", event(9).subarray(4)],
  ])("%s: the call fails, or nothing is read, and the event ends", async (_name, answer) => {
    const client = await FrameClient.connect(server.socketPath);
    expect(await client.begin(5, instance, "access")).toBe("kong.request.get_header");
    // The second call, or the end of an event whose handler did not catch it.
    for (let next = ""; next !== "kong.log.err"; next = (await client.frame()).toString()) {
      await client.frame();
      client.write(frame(answer));
      if (next === "kong.request.get_header") break;
    }
    client.destroy();
    await client.closed;
  });

  it("larger than messages may be", async () => {
    const client = await FrameClient.connect(server.socketPath);
    expect(await client.begin(5, instance, "access")).toBe("kong.request.get_header");
    await client.frame();
    client.write(Buffer.concat([header(0xfffffff0), Buffer.alloc(1 << 20)]));
    expect((await client.frame()).toString()).toBe("kong.log.err");
    await client.frame();
    expect((await client.frame()).toString()).toBe("kong.response.exit");
    client.destroy();
    await client.closed;
  });

  it("ones that nobody asked for are commands that cannot be read", async () => {
    const client = await FrameClient.connect(server.socketPath);
    client.write(frame(Buffer.from("0a0161", "hex")));
    await refused(client);
  });
});

describe("a client that leaves", () => {
  it.each([0, 1, 2, 3, 4, 5])("at move %i", async (move) => {
    for (let i = 0; i < 10; i += 1) {
      const client = await FrameClient.connect(server.socketPath);
      let moves = 0;
      const leave = (): boolean => moves++ === move && (client.destroy(), true);
      if (leave()) continue;
      client.write(event(5));
      for (let calls = 0; calls < 2; calls += 1) {
        if (leave()) break;
        await client.frame();
        if (leave()) break;
        await client.frame();
        client.write(frame(Buffer.from("0a0178", "hex")));
      }
      client.destroy();
      await client.closed;
    }
  });

  it("in the middle of a command, at every byte", { timeout: 60_000 }, async () => {
    const command = event(5);
    for (let at = 1; at < command.length; at += 1) {
      const client = await FrameClient.connect(server.socketPath);
      client.write(command.subarray(0, at));
      client.destroy();
      await client.closed;
    }
  });

  it("with 100 commands waiting, and one that sends more than that", async () => {
    const client = await FrameClient.connect(server.socketPath);
    client.write(Buffer.concat(Array.from({ length: 101 }, (_, sequence) => event(sequence))));
    expect((await client.frame()).toString()).toBe("kong.request.get_header");
    client.destroy();
    const greedy = await FrameClient.connect(server.socketPath);
    greedy.write(Buffer.concat(Array.from({ length: 300 }, (_, sequence) => event(sequence))));
    await greedy.closed;
  });
});
