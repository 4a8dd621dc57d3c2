// What a client that breaks the protocol, or strains it, gets; and that others beside it are served on.
import { connect, constants } from "node:http2";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { GrpcClient } from "./grpc-client.js";
import {
  FLAG,
  FRAME,
  frameOf,
  grpcMessage,
  headerBlock,
  indexedBlock,
  RawClient,
  rememberedBlock,
  REQUEST,
} from "./raw-client.js";
import { TransportServer } from "./transport-server.js";

const hi = grpcMessage(Buffer.from("hi"));
const replaced = (name: string, value: string): [string, string][] =>
  REQUEST.map(([key, old]) => [key, key === name ? value : old]);

async function isServed(server: TransportServer): Promise<void> {
  expect(await new GrpcClient(server.address).call("Echo", { message: Buffer.from("x") })).toMatchObject({ status: 0 });
}

interface HttpAnswer {
  readonly httpStatus: unknown;
  readonly status: unknown;
  readonly message: unknown;
  readonly data: Buffer;
}

/** One request whose headers and pieces of body are as given. */
async function request(port: number, headers: object, ...body: readonly Uint8Array[]): Promise<HttpAnswer> {
  const session = connect(`http://127.0.0.1:${port}`);
  onTestFinished(() => {
    session.destroy();
  });
  const stream = session.request({
    ":method": "POST",
    ":path": "/test.Test/Echo",
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  const seen: Record<string, unknown> = {};
  const chunks: Buffer[] = [];
  for (const event of ["response", "trailers"] as const)
    stream.on(event, (fields: object) => {
      Object.assign(seen, fields);
    });
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("error", () => {});
  const closed = new Promise((resolve) => stream.once("close", resolve));
  for (const piece of body) {
    if (!stream.writable) break;
    await new Promise((resolve) => stream.write(piece, resolve));
  }
  stream.end();
  await closed;
  return { httpStatus: seen[":status"], status: seen["grpc-status"], message: seen["grpc-message"], data: Buffer.concat(chunks) };
}

describe("a request", () => {
  it("may come byte by byte", async () => {
    const { port } = await TransportServer.start();
    const message = grpcMessage(Buffer.from("in pieces"));
    const answer = await request(port, {}, ...[...message].map((byte) => Buffer.from([byte])));
    expect(answer).toMatchObject({ httpStatus: 200, status: "0", data: message });
  });

  it.each([0, 1, 4, 5, 6, 7])("that ends after %d bytes of its message is refused", async (size) => {
    const { port } = await TransportServer.start();
    const answer = await request(port, {}, grpcMessage(Buffer.from("abc")).subarray(0, size));
    expect(answer).toMatchObject({ status: "13", message: "grpc: the request ended before its message" });
  });

  it("with a second message is refused", async () => {
    const { port } = await TransportServer.start();
    expect(await request(port, {}, Buffer.concat([hi, hi]))).toMatchObject({ status: "12", data: Buffer.alloc(0) });
  });

  it("with more behind its message, while it runs, is refused and told to the method", async () => {
    const server = await TransportServer.start();
    const raw = await RawClient.greet(server.port);
    raw.request(1, replaced(":path", "/test.Test/Hold"));
    raw.write(frameOf(FRAME.data, 0, 1, hi));
    const held = await server.held();
    raw.write(frameOf(FRAME.data, FLAG.endStream, 1, hi));
    await raw.ended(1);
    expect(await held.cancelled).toBe("the client has cancelled");
    await isServed(server);
  });

  it("that is marked as compressed is refused", async () => {
    const { port } = await TransportServer.start();
    expect(await request(port, {}, grpcMessage(Buffer.from("x"), 1))).toMatchObject({ status: "12" });
  });

  it("that announces 4 GB is refused at once", async () => {
    const { port } = await TransportServer.start();
    expect(await request(port, {}, Buffer.from([0, 255, 255, 255, 255, 1]))).toMatchObject({ status: "8" });
  });

  it("is refused where those that are coming are too large together, until one of them has come", async () => {
    const server = await TransportServer.start({ maxReceiving: 100_000 });
    const raw = await RawClient.greet(server.port);
    const message = grpcMessage(Buffer.alloc(60_000));
    const begin = (stream: number): void => {
      raw.request(stream);
      raw.write(frameOf(FRAME.data, 0, stream, message.subarray(0, 10_000)));
    };
    begin(1);
    begin(3);
    await raw.ended(3);
    expect(raw.of(FRAME.data, 3)).toEqual([]);
    for (let sent = 10_000; sent < message.length; sent += 10_000) {
      const isLast = sent + 10_000 >= message.length;
      raw.write(frameOf(FRAME.data, isLast ? FLAG.endStream : 0, 1, message.subarray(sent, sent + 10_000)));
    }
    await raw.until(() => raw.of(FRAME.data, 1).length > 0);
    // What the first took was given back, and the second's too.
    const client = new GrpcClient(server.address);
    for (let i = 0; i < 3; i += 1)
      expect(await client.call("Echo", { message: Buffer.alloc(90_000) })).toMatchObject({ status: 0 });
    expect(await client.call("Echo", { message: Buffer.alloc(110_000) })).toMatchObject({
      status: 8,
      details: "plugin server: too many bytes of messages are under way",
    });
  });

  it.each([
    ["another content type", { "content-type": "application/json" }, { httpStatus: 415 }],
    ["a content type that only begins so", { "content-type": "application/grpcx" }, { httpStatus: 415 }],
    ["GET", { ":method": "GET", "content-type": "application/grpc" }, { httpStatus: 405 }],
    ["an unknown path", { ":path": "/nö%20such" }, { status: "12", message: "grpc: unknown method /n%C3%B6%2520such" }],
    ["a timeout that is none", { "grpc-timeout": "5 minutes" }, { status: "13", message: "grpc: malformed grpc-timeout" }],
  ])("with %s is refused", async (_what, headers, wanted) => {
    const { port } = await TransportServer.start();
    expect(await request(port, headers, hi)).toMatchObject(wanted);
  });

  it.each(["application/grpc+proto", "application/grpc;charset=utf-8"])("of the content type %s is answered", async (type) => {
    const { port } = await TransportServer.start();
    expect(await request(port, { "content-type": type }, hi)).toMatchObject({ httpStatus: 200, status: "0", data: hi });
  });

  it.each(["1H", "100000M", "99999999S", "99999999H"])("with a timeout of %s is answered", async (timeout) => {
    const { port } = await TransportServer.start();
    expect(await request(port, { "grpc-timeout": timeout }, hi)).toMatchObject({ status: "0", data: hi });
  });

  it("with a timeout of more than a timer takes runs on", async () => {
    const server = await TransportServer.start();
    const answer = request(server.port, { ":path": "/test.Test/Hold", "grpc-timeout": "99999999H" }, hi);
    const held = await server.held();
    await new Promise((resolve) => setTimeout(resolve, 20));
    held.answer(Buffer.from("done"));
    expect(await answer).toMatchObject({ status: "0" });
  });

  it.each(["1n", "0S", "999u", "1m"])("with a timeout of %s ends by it here too", async (timeout) => {
    const server = await TransportServer.start();
    const answer = await request(server.port, { ":path": "/test.Test/Hold", "grpc-timeout": timeout }, hi);
    expect(answer).toMatchObject({ status: "4", message: "grpc: the deadline that the client gave has passed" });
  });
});

describe("a connection that is none of HTTP/2 is closed, and told of:", () => {
  it.each([
    ["HTTP/1.1", Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
    ["TLS", Buffer.from("16030100f2010000ee0303", "hex")],
    ["zeros", Buffer.alloc(100)],
    ["a frame that is too large", Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Buffer.alloc(20, 0xff)])],
    [
      "a preface without settings",
      Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frameOf(FRAME.ping, 0, 0, Buffer.alloc(8))]),
    ],
  ])("%s", async (_what, bytes) => {
    const server = await TransportServer.start();
    const raw = await RawClient.connect(server.port);
    raw.write(bytes);
    await raw.closed();
    await server.until(() => server.server.connections === 0);
    expect(server.said).toEqual([expect.stringMatching(/^connection failed: /)]);
    await isServed(server);
  });

  it("but not one that its client breaks after it was asked to go", async () => {
    const server = await TransportServer.start();
    const raw = await RawClient.greet(server.port);
    raw.request(1, replaced(":path", "/test.Test/Hold"));
    raw.write(frameOf(FRAME.data, FLAG.endStream, 1, hi));
    await server.held();
    server.server.handOver();
    await raw.until(() => raw.of(FRAME.goaway).length === 1);
    raw.break();
    await server.until(() => server.server.connections === 0);
    expect(server.said).toEqual([]);
  });

  it("one that says nothing at all is closed without a word", async () => {
    const server = await TransportServer.start();
    const raw = await RawClient.connect(server.port);
    await server.until(() => server.server.connections === 1);
    raw.end();
    await raw.closed();
    await server.until(() => server.server.connections === 0);
    expect(server.said).toEqual([]);
  });
});

describe("a client that strains the protocol", () => {
  it.each([
    ["settings", 20_000, frameOf(FRAME.settings, 0, 0)],
    ["pings", 20_000, frameOf(FRAME.ping, 0, 0, Buffer.alloc(8))],
    ["empty frames of data", 20_000, frameOf(FRAME.data, 0, 1)],
  ])("with a flood of %s takes nothing from others", async (_what, count, frame) => {
    const server = await TransportServer.start();
    const raw = await RawClient.greet(server.port);
    raw.request(1, replaced(":path", "/test.Test/Hold"));
    raw.write(Buffer.concat(new Array<Buffer>(count).fill(frame)));
    await isServed(server);
    raw.end();
    await raw.closed();
    await server.until(() => server.server.connections <= 1);
  });

  it("by opening calls and resetting them is cut off, and nothing is left behind", async () => {
    const server = await TransportServer.start();
    const raw = await RawClient.greet(server.port);
    const reset = Buffer.from([0, 0, 0, constants.NGHTTP2_CANCEL]);
    const block = headerBlock(replaced(":path", "/test.Test/Hold"));
    for (let stream = 1; stream < 20_000; stream += 2)
      raw.write(frameOf(FRAME.headers, FLAG.endHeaders, stream, block), frameOf(FRAME.rstStream, 0, stream, reset));
    await raw.closed();
    await server.until(() => server.server.calls === 0 && server.server.connections === 0);
    await isServed(server);
  });

  it("by resetting many calls in one piece is sent on all the same, and what runs is answered", async () => {
    const server = await TransportServer.start();
    const raw = await RawClient.greet(server.port);
    const fields = replaced(":path", "/test.Test/Hold");
    const reset = Buffer.from([0, 0, 0, constants.NGHTTP2_CANCEL]);
    raw.write(frameOf(FRAME.headers, FLAG.endHeaders, 1, rememberedBlock(fields)), frameOf(FRAME.data, FLAG.endStream, 1, hi));
    const held = await server.held();
    const pieces: Buffer[] = [];
    for (let stream = 3; stream < 4000; stream += 2)
      pieces.push(
        frameOf(FRAME.headers, FLAG.endHeaders, stream, indexedBlock(fields.length)),
        frameOf(FRAME.rstStream, 0, stream, reset),
      );
    raw.write(...pieces);
    await raw.until(() => raw.of(FRAME.goaway).length === 1);
    expect(raw.of(FRAME.goaway)[0]?.payload.readUInt32BE(4)).toBe(constants.NGHTTP2_NO_ERROR);
    held.answer(Buffer.from("done"));
    await raw.ended(1);
    await raw.closed();
    await server.until(() => server.server.calls === 0 && server.server.connections === 0);
  });

  it("by resetting what would have been refused breaks nothing", async () => {
    const server = await TransportServer.start();
    const raw = await RawClient.greet(server.port);
    const block = headerBlock(replaced(":path", "/test.Test/Nothing"));
    const reset = Buffer.from([0, 0, 0, constants.NGHTTP2_INTERNAL_ERROR]);
    raw.write(frameOf(FRAME.headers, FLAG.endHeaders, 1, block), frameOf(FRAME.rstStream, 0, 1, reset));
    raw.request(3);
    raw.write(frameOf(FRAME.data, FLAG.endStream, 3, hi));
    await raw.ended(3);
    expect(raw.of(FRAME.data, 3)).toHaveLength(1);
  });

  it("by resetting calls as they run for long is sent on, and what runs is answered", async () => {
    const server = await TransportServer.start();
    const client = new GrpcClient(server.address);
    const running = client.start("Hold");
    const first = await server.held();
    for (let i = 0; i < 1500; i += 100) {
      const calls = Array.from({ length: 100 }, () => client.start("Hold", { waits: true }));
      const cancelled: Promise<string>[] = [];
      while (cancelled.length < calls.length) cancelled.push((await server.held()).cancelled);
      for (const { call } of calls) call.cancel();
      await Promise.all(cancelled);
    }
    expect(server.server.connections).toBe(2);
    expect(await client.call("Echo", { waits: true })).toMatchObject({ status: 0 });
    first.answer(Buffer.from("done"));
    expect(await running.outcome).toMatchObject({ status: 0 });
    await server.until(() => server.server.connections === 1);
    expect(server.said).toEqual([]);
  });

  it("by cancelling a few hundred calls at once is served on", async () => {
    const server = await TransportServer.start();
    const client = new GrpcClient(server.address);
    const calls = Array.from({ length: 500 }, () => client.start("Hold"));
    const cancelled: Promise<string>[] = [];
    while (cancelled.length < calls.length) cancelled.push((await server.held()).cancelled);
    for (const { call } of calls) call.cancel();
    await Promise.all(cancelled);
    expect(await client.call("Echo")).toMatchObject({ status: 0 });
    expect(server.server.connections).toBe(1);
  });

  it("with too many or too large headers is refused that call", async () => {
    const server = await TransportServer.start();
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`x-${i}`, "y"]));
    expect(await request(server.port, many, hi)).toMatchObject({ data: Buffer.alloc(0) });
    expect(await request(server.port, { "x-large": "y".repeat(70_000) }, hi)).toMatchObject({ data: Buffer.alloc(0) });
    await isServed(server);
  });

  it("without an authority, as old gateways, is told of once with what helps", async () => {
    const server = await TransportServer.start();
    for (let i = 0; i < 2; i += 1) {
      const raw = await RawClient.greet(server.port);
      for (let stream = 1; stream < 20; stream += 2) {
        raw.request(stream, replaced(":authority", ""));
        raw.write(frameOf(FRAME.data, FLAG.endStream, stream, hi));
      }
      await raw.ended(19);
      expect(raw.of(FRAME.rstStream, 1)[0]?.payload.readUInt32BE(0)).toBe(constants.NGHTTP2_PROTOCOL_ERROR);
      raw.end();
      await raw.closed();
    }
    await server.until(() => server.said.includes("calls without authority"));
    expect(server.said.filter((line) => line === "calls without authority")).toHaveLength(1);
  });
});

describe("who makes no progress", () => {
  const ROUND = 10_000;
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is ended: a client that does not greet, and a message that does not come", async () => {
    vi.useFakeTimers({ toFake: ["setInterval"] });
    const server = await TransportServer.start();
    const silent = await RawClient.connect(server.port);
    const slow = await RawClient.greet(server.port);
    slow.request(1);
    slow.write(frameOf(FRAME.data, 0, 1, hi.subarray(0, 6)));
    await server.until(() => server.server.calls === 1 && server.server.connections === 2);
    vi.advanceTimersByTime(ROUND);
    await silent.closed();
    expect(slow.isClosed).toBe(false);
    vi.advanceTimersByTime(5 * ROUND);
    await slow.ended(1);
    await server.until(() => server.server.calls === 0);
  });

  it("is not a method that takes its time", async () => {
    vi.useFakeTimers({ toFake: ["setInterval"] });
    const server = await TransportServer.start();
    const { outcome } = new GrpcClient(server.address).start("Hold");
    const held = await server.held();
    vi.advanceTimersByTime(20 * ROUND);
    held.answer(Buffer.from("at last"));
    expect(await outcome).toMatchObject({ status: 0 });
  });

  it("is ended: a client that does not take its answer", async () => {
    vi.useFakeTimers({ toFake: ["setInterval"] });
    const server = await TransportServer.start();
    const raw = await RawClient.greet(server.port);
    // No room for any data of this server.
    raw.write(frameOf(FRAME.settings, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0])));
    raw.request(1);
    raw.write(frameOf(FRAME.data, FLAG.endStream, 1, hi));
    await raw.until(() => raw.of(FRAME.headers, 1).length === 1);
    vi.advanceTimersByTime(6 * ROUND);
    await raw.ended(1);
    await server.until(() => server.server.calls === 0);
  });
});
