// One accepted socket, over real sockets: messages in order, back-pressure, ends told once.
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Connection, type ConnectionHandler, ProtocolReader } from "../../../../../src/gateways/kong/rpc/index.js";
import { createTempDir, type TempDir } from "../../../../support/index.js";
import { hex } from "../msgpack/messages.js";

const LIMIT = 64 * 1024 * 1024;

/** Records what a connection tells its owner. */
class Recorder implements ConnectionHandler {
  readonly messages: string[] = [];
  readonly closes: (Error | undefined)[] = [];
  onEachMessage: (connection: Connection, message: Buffer) => void = () => {};
  readonly closed: Promise<void>;
  #resolveClosed: () => void = () => {};

  constructor() {
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  onMessage(connection: Connection, message: Buffer): void {
    this.messages.push(message.toString("hex"));
    this.onEachMessage(connection, message);
  }

  onClose(_connection: Connection, error: Error | undefined): void {
    this.closes.push(error);
    this.#resolveClosed();
  }
}

let directory: TempDir;
let server: Server;
let client: Socket;
let socket: Socket;

beforeEach(async () => {
  directory = createTempDir("conn");
  server = createServer();
  server.listen(join(directory.path, "s"));
  await once(server, "listening");
  const accepted = once(server, "connection") as Promise<[Socket]>;
  client = connect(join(directory.path, "s"));
  await once(client, "connect");
  [socket] = await accepted;
});

afterEach(() => {
  client.destroy();
  socket.destroy();
  server.close();
  directory.remove();
});

const open = (handler: Recorder, limit = LIMIT): Connection =>
  new Connection(socket, handler, new ProtocolReader("MsgPack:1", limit));

/** Resolves when as many messages are there. */
function received(handler: Recorder, count: number): Promise<void> {
  return new Promise((resolve) => {
    const check = (): void => {
      if (handler.messages.length >= count) resolve();
    };
    handler.onEachMessage = check;
    check();
  });
}

async function readAll(stream: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe("messages", () => {
  it("come in the order in which they were sent, glued or split", async () => {
    const handler = new Recorder();
    open(handler);
    client.write(hex("9101 9102 9203"));
    client.write(hex("04 9105"));
    await received(handler, 4);
    expect(handler.messages).toEqual(["9101", "9102", "920304", "9105"]);
  });

  it("what was sent arrives in order before the end", async () => {
    const connection = open(new Recorder());
    const arrived = readAll(client);
    connection.send(hex("9101"));
    connection.send(hex("9102"));
    connection.end();
    expect(await arrived).toEqual(hex("91019102"));
  });
});

describe("the memory of what is read", () => {
  it("is one buffer for all connections: none is allocated for a read", async () => {
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const secondClient = connect(join(directory.path, "s"));
    const [secondSocket] = await accepted;
    const memories: ArrayBufferLike[] = [];
    const handler = new Recorder();
    handler.onEachMessage = (_connection, message) => memories.push(message.buffer);
    open(handler);
    const second = new Connection(secondSocket, handler, new ProtocolReader("MsgPack:1", LIMIT));
    for (const [count, peer] of [client, secondClient, client].entries()) {
      peer.write(hex("9101"));
      await expect.poll(() => memories.length).toBe(count + 1);
    }
    expect(new Set(memories).size).toBe(1);
    secondClient.destroy();
    second.destroy();
  });
});

describe("the memory of what is written", () => {
  it.each([
    ["large: freed once it has been written", 3 * 1024 * 1024, 0],
    ["small: left alone, since it may lie in memory of others", 64 * 1024, 64 * 1024],
  ])("%s", async (_name, size, left) => {
    const connection = open(new Recorder());
    const body = Buffer.allocUnsafeSlow(size).fill("body");
    const arrived = readAll(client);
    connection.send(hex("91"), body);
    connection.end();
    // Compared by vitest, each byte of a large buffer takes as long as an object would.
    expect((await arrived).equals(Buffer.concat([hex("91"), Buffer.alloc(size, "body")]))).toBe(true);
    await expect.poll(() => body.length).toBe(left);
  });

  it("is freed where the peer leaves before it has been written", async () => {
    const handler = new Recorder();
    const connection = open(handler);
    const body = Buffer.allocUnsafeSlow(8 * 1024 * 1024).fill("body");
    connection.send(hex("91"), body);
    client.destroy();
    await handler.closed;
    await expect.poll(() => body.length).toBe(0);
  });
});

describe("a peer that does not read", () => {
  it("is not read from until it does, and then goes on where it was", async () => {
    const handler = new Recorder();
    open(handler);
    const REPLY = Buffer.alloc(8 * 1024 * 1024, 0xc0);
    const answered = new Promise<void>((resolve) => {
      handler.onEachMessage = (connection) => {
        connection.send(REPLY);
        resolve();
      };
    });
    client.pause();
    client.write(hex("9101"));
    await answered;

    client.write(hex("9102"));
    // A round trip on another connection: the second message would have been read long before.
    for (let turn = 0; turn < 5; turn += 1) await roundTrip();
    expect(handler.messages).toEqual(["9101"]);

    const all = new Promise<number>((resolve) => {
      let size = 0;
      client.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size === 2 * REPLY.length) resolve(size);
      });
    });
    client.resume();
    expect(await all).toBe(2 * REPLY.length);
    expect(handler.messages).toEqual(["9101", "9102"]);
  });
});

async function roundTrip(): Promise<void> {
  const other = connect(join(directory.path, "s"));
  const [accepted] = (await once(server, "connection")) as [Socket];
  accepted.end("x");
  await once(other, "data");
  other.destroy();
}

describe("the end", () => {
  it.each([
    ["no MessagePack-RPC", hex("c0"), "WIRE_NOT_A_MESSAGE"],
    ["an invalid byte", hex("91c1"), "WIRE_INVALID_BYTE"],
    ["a message over the limit", hex("91c6ffffffff"), "WIRE_TOO_LARGE"],
  ])("a peer that sends %s is cut off", async (_name, bytes, code) => {
    const handler = new Recorder();
    open(handler);
    const gone = once(client, "close");
    client.on("error", () => {});
    client.write(bytes);
    await Promise.all([handler.closed, gone]);
    expect(handler.closes).toEqual([expect.objectContaining({ code })]);
  });

  it("nothing behind a fault is handled", async () => {
    const handler = new Recorder();
    open(handler);
    client.on("error", () => {});
    client.write(hex("9101"));
    await received(handler, 1);
    client.write(hex("c0 9102"));
    await handler.closed;
    expect(handler.messages).toEqual(["9101"]);
  });

  it("a throw of the handler ends the connection and nothing else", async () => {
    const handler = new Recorder();
    open(handler);
    client.on("error", () => {});
    const fault = new Error("from the handler");
    handler.onEachMessage = () => {
      throw fault;
    };
    client.write(hex("9101 9102"));
    await handler.closed;
    expect(handler.messages).toEqual(["9101"]);
    expect(handler.closes).toEqual([fault]);
  });

  it("a throw that is no Error is told as one", async () => {
    const handler = new Recorder();
    open(handler);
    client.on("error", () => {});
    handler.onEachMessage = () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- the very thing that is tested
      throw "a string";
    };
    client.write(hex("9101"));
    await handler.closed;
    expect(handler.closes).toEqual([new Error("a string")]);
  });

  it("a peer that leaves is no error", async () => {
    const handler = new Recorder();
    open(handler);
    client.end();
    await handler.closed;
    expect(handler.closes).toEqual([undefined]);
  });

  it("a peer that vanishes in the middle of a reply is told once", async () => {
    const handler = new Recorder();
    const connection = open(handler);
    connection.send(Buffer.alloc(16 * 1024 * 1024));
    client.destroy();
    connection.send(hex("9101"));
    await handler.closed;
    connection.send(hex("9102"));
    connection.destroy(new Error("late"));
    expect(handler.closes).toHaveLength(1);
  });

  it("destroying it twice is told once, with the first reason", async () => {
    const handler = new Recorder();
    const connection = open(handler);
    connection.destroy(new Error("first"));
    connection.destroy(new Error("second"));
    await handler.closed;
    connection.destroy(new Error("third"));
    expect(handler.closes).toEqual([new Error("first")]);
  });

  it("sending after the end does nothing", async () => {
    const handler = new Recorder();
    const connection = open(handler);
    connection.destroy();
    await handler.closed;
    connection.send(hex("9101"));
    connection.end();
    expect(handler.closes).toEqual([undefined]);
  });

  it("a handler that destroys the connection gets nothing more of the chunk", async () => {
    const handler = new Recorder();
    open(handler);
    handler.onEachMessage = (connection) => connection.destroy();
    client.on("error", () => {});
    client.write(hex("9101 9102 9103"));
    await handler.closed;
    expect(handler.messages).toEqual(["9101"]);
  });
});
