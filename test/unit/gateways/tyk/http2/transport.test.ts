// What a client of another make sees of the gRPC server.
import { compressionAlgorithms } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { GrpcClient } from "./grpc-client.js";
import { socketPath, TransportServer } from "./transport-server.js";

const ok = (message: Uint8Array): object => ({ status: 0, message });

describe.each(["tcp", "unix"] as const)("over %s", (kind) => {
  const start = async (): Promise<[TransportServer, GrpcClient]> => {
    const server = await TransportServer.start({}, kind === "unix" ? { kind, path: await socketPath() } : undefined);
    return [server, new GrpcClient(server.address)];
  };

  it.each([0, 1, 100, 16_000, 16_379, 16_380, 16_384, 65_536, 1024 * 1024])("a message of %d bytes comes back", async (size) => {
    const [, client] = await start();
    const message = Buffer.alloc(size, "abcdefg");
    const outcome = await client.call("Echo", { message });
    expect(outcome.status).toBe(0);
    expect(outcome.message?.equals(message)).toBe(true);
  });

  it("a thousand calls at once are answered, each with its own message", async () => {
    const [server, client] = await start();
    const messages = Array.from({ length: 1000 }, (_, i) => Buffer.from(`message ${i}`));
    const outcomes = await Promise.all(messages.map((message) => client.call("Echo", { message })));
    expect(outcomes.map(({ message }) => message?.toString())).toEqual(messages.map(String));
    expect(server.server.connections).toBe(1);
    await server.until(() => server.server.calls === 0);
  });
});

describe("a call", () => {
  it("has its metadata", async () => {
    const client = new GrpcClient((await TransportServer.start()).address);
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const { message } = await client.call("Metadata", { metadata: { traceparent, "X-Other": "two words" } });
    expect(JSON.parse(String(message))).toMatchObject({ traceparent, "x-other": "two words", ":path": "/test.Test/Metadata" });
  });

  it("that waits for a free stream is made when there is one", async () => {
    const server = await TransportServer.start({ maxConcurrentStreams: 2 });
    const client = new GrpcClient(server.address);
    const calls = Array.from({ length: 20 }, (_, i) => client.call("Hold", { message: Buffer.from([i]) }));
    for (let i = 0; i < calls.length; i += 1) {
      const held = await server.held();
      expect(server.server.calls).toBeLessThanOrEqual(3);
      held.answer(held.message);
    }
    expect((await Promise.all(calls)).map(({ message }) => message?.[0])).toEqual(calls.map((_, i) => i));
  });

  it.each(["nö such hook 😀", "100% of it", "two\nlines", "", "x".repeat(2000)])("that fails says why: %j", async (text) => {
    const client = new GrpcClient((await TransportServer.start()).address);
    expect(await client.call("Fail", { message: Buffer.from(text) })).toMatchObject({ status: 5, details: text });
  });

  it("that fails with an endless text says its beginning", async () => {
    const client = new GrpcClient((await TransportServer.start()).address);
    const { status, details } = await client.call("Fail", { message: Buffer.alloc(500_000, "ü") });
    expect(status).toBe(5);
    expect(details).toMatch(/^ü{2048}… \(250000 characters\)$/);
  });

  it("whose method throws is internal, and told of here", async () => {
    const server = await TransportServer.start();
    const client = new GrpcClient(server.address);
    expect(await client.call("Throw")).toMatchObject({ status: 13, details: "plugin server: thrown by a test" });
    expect(server.said).toEqual(["method failed: TypeError: thrown by a test"]);
  });

  it.each(["/test.Test/Nothing", "/other.Service/Echo", "/", "/__proto__"])("of %s is unimplemented", async (path) => {
    const client = new GrpcClient((await TransportServer.start()).address);
    expect(await client.call(path)).toMatchObject({ status: 12, details: `grpc: unknown method ${path}` });
  });

  it("with compression is refused with what is taken", async () => {
    const server = await TransportServer.start();
    const client = new GrpcClient(server.address, { "grpc.default_compression_algorithm": compressionAlgorithms.gzip });
    const outcome = await client.call("Echo", { message: Buffer.alloc(5000) });
    expect(outcome).toMatchObject({ status: 12 });
    expect(outcome.details).toContain("compressed");
  });
});

describe("a message over the limit", () => {
  it("is refused with the flag that raises it, and the connection goes on", async () => {
    const server = await TransportServer.start({ maxMessageSize: 1000 });
    const client = new GrpcClient(server.address);
    for (const size of [1001, 5_000_000]) {
      const { status, details } = await client.call("Echo", { message: Buffer.alloc(size) });
      expect([status, details]).toEqual([
        8,
        `grpc: received message larger than max (${size} vs. 1000): raise -max-message-size of the plugin server`,
      ]);
    }
    expect(await client.call("Echo", { message: Buffer.alloc(1000) })).toMatchObject(ok(Buffer.alloc(1000)));
    expect(server.server.connections).toBe(1);
  });
});

describe("a client that does not wait", () => {
  it("cancels its call", async () => {
    const server = await TransportServer.start();
    const { call, outcome } = new GrpcClient(server.address).start("Hold");
    const held = await server.held();
    call.cancel();
    expect(await held.cancelled).toBe("the client has cancelled");
    expect(await outcome).toMatchObject({ status: 1 });
    await server.until(() => server.server.calls === 0);
    // An answer that comes after all is dropped.
    held.answer(Buffer.from("late"));
  });

  it("has its deadline known, and kept here", async () => {
    const server = await TransportServer.start();
    const before = performance.now();
    const { outcome } = new GrpcClient(server.address).start("Hold", { options: { deadline: Date.now() + 300 } });
    const held = await server.held();
    expect(held.call.deadline).toBeGreaterThan(before);
    expect(held.call.deadline).toBeLessThan(before + 1000);
    expect(await held.cancelled).toMatch(/^the (deadline has passed|client has cancelled)$/);
    expect(await outcome).toMatchObject({ status: 4 });
  });

  it("has no deadline where it gives none", async () => {
    const server = await TransportServer.start();
    const { outcome } = new GrpcClient(server.address).start("Hold");
    const held = await server.held();
    expect(held.call.deadline).toBeUndefined();
    held.answer(Buffer.from("done"));
    expect(await outcome).toMatchObject(ok(Buffer.from("done")));
  });
});

describe("a server that ends", () => {
  it("answers what runs, and has its clients go on elsewhere", async () => {
    const path = await socketPath();
    const former = await TransportServer.start({}, { kind: "unix", path });
    const client = new GrpcClient(former.address);
    const running = client.start("Hold");
    const held = await former.held();

    const successor = await TransportServer.start({}, { kind: "unix", path });
    const closing = former.close(10_000);
    // Over the same client: the former server would have refused it, and a connection anew meets the successor.
    const { status } = await client.call("Echo", { waits: true });
    expect(status).toBe(0);
    held.answer(Buffer.from("by the former"));
    expect(await running.outcome).toMatchObject(ok(Buffer.from("by the former")));
    await closing;
    expect([former.server.connections, former.server.calls]).toEqual([0, 0]);

    await client.call("Echo", { waits: true });
    expect(successor.server.connections).toBe(1);
  });

  it("loses no call of a client that goes on calling", async () => {
    const path = await socketPath();
    const former = await TransportServer.start({}, { kind: "unix", path });
    const client = new GrpcClient(former.address);
    const statuses: number[] = [];
    let isOver = false;
    const caller = async (): Promise<void> => {
      while (!isOver) statuses.push((await client.call("Echo", { message: Buffer.alloc(100) })).status);
    };
    const callers = Array.from({ length: 16 }, caller);
    await former.until(() => statuses.length > 500);
    const successor = await TransportServer.start({}, { kind: "unix", path });
    await former.close(10_000);
    const before = statuses.length;
    await successor.until(() => statuses.length > before + 500);
    isOver = true;
    await Promise.all(callers);
    expect(statuses.filter((status) => status !== 0)).toEqual([]);
    expect(successor.server.connections).toBe(1);
  });

  it("ends what still runs when its patience does", async () => {
    const server = await TransportServer.start();
    const { outcome } = new GrpcClient(server.address).start("Hold");
    const held = await server.held();
    await server.close(50);
    expect(await outcome).toMatchObject({ status: 14, details: "plugin server: it ends before the call does" });
    expect(await held.cancelled).toBe("the server ends");
  });

  it("hands its clients over, and serves on who comes all the same", async () => {
    const server = await TransportServer.start();
    const client = new GrpcClient(server.address);
    await client.call("Echo");
    server.server.handOver();
    expect(await client.call("Echo", { waits: true })).toMatchObject({ status: 0 });
    await server.until(() => server.server.connections === 1);
  });

  it("may be closed with nobody there, and twice", async () => {
    const server = await TransportServer.start();
    await Promise.all([server.close(1000), server.close(1000)]);
  });
});

it("a client finds a server again that was gone", async () => {
  const path = await socketPath();
  const first = await TransportServer.start({}, { kind: "unix", path });
  const client = new GrpcClient(first.address);
  expect(await client.call("Echo")).toMatchObject({ status: 0 });
  await first.close();
  expect(await client.call("Echo")).toMatchObject({ status: 14 });
  await TransportServer.start({}, { kind: "unix", path });
  expect(await client.call("Echo", { waits: true })).toMatchObject({ status: 0 });
});

it("connections over the limit are closed, counted, and told of", async () => {
  const server = await TransportServer.start({ maxConnections: 2 });
  const clients = Array.from({ length: 2 }, () => new GrpcClient(server.address));
  for (const client of clients) expect(await client.call("Echo")).toMatchObject({ status: 0 });
  expect(await new GrpcClient(server.address).call("Echo")).toMatchObject({ status: 14 });
  for (const client of clients) expect(await client.call("Echo")).toMatchObject({ status: 0 });
  await server.close();
  expect(server.said).toContainEqual(expect.stringMatching(/^refused: [1-9]/));
});

describe("the health service", () => {
  const request = (service: string): Buffer =>
    Buffer.from(service === "" ? "" : `\n${String.fromCharCode(service.length)}${service}`);

  it.each(["", "test.Test"])("says whether %j takes calls", async (service) => {
    const server = await TransportServer.start();
    const client = new GrpcClient(server.address);
    const check = (): Promise<object> => client.call("/grpc.health.v1.Health/Check", { message: request(service) });
    expect(await check()).toMatchObject(ok(Buffer.from([8, 1])));
    server.isServing = false;
    expect(await check()).toMatchObject(ok(Buffer.from([8, 2])));
  });

  it("knows no other service", async () => {
    const client = new GrpcClient((await TransportServer.start()).address);
    const check = (message: Buffer): Promise<object> => client.call("/grpc.health.v1.Health/Check", { message });
    expect(await check(request("other"))).toMatchObject({ status: 5, details: 'unknown service "other"' });
    expect(await check(Buffer.from("0a0561", "hex"))).toMatchObject({ status: 3 });
    expect(await client.call("/grpc.health.v1.Health/Watch")).toMatchObject({ status: 12 });
  });
});
