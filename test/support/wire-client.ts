// Owns a MsgPack:1 client for tests that shares no code with the server: msgpack5 is its codec, and it keeps raw bytes.
import { connect } from "node:net";
import type { Socket } from "node:net";
import createCodec from "msgpack5";
import { decodeExact } from "./exact.js";
import type { Exact } from "./exact.js";

const codec = createCodec();

/** One message as it came: the bytes, and the value without loss. */
export interface WireMessage {
  readonly bytes: Buffer;
  readonly exact: Exact;
}

export interface Reply {
  readonly error: unknown;
  readonly result: unknown;
  readonly message: WireMessage;
}

/** The error member of a response, as an exception. */
export class RpcError extends Error {
  override readonly name = "RpcError";
}

interface Waiter<T> {
  resolve(value: T): void;
  reject(error: Error): void;
}

/** The bytes of a request, as `call` would send them. */
export function encodeRequest(id: number, method: string, ...args: unknown[]): Buffer {
  return codec.encode([0, id, method, args]).slice();
}

export class WireClient {
  /** Settles when the connection is gone, whoever closed it. */
  readonly closed: Promise<void>;
  pid = 0;
  readonly #socket: Socket;
  readonly #pending = new Map<number, Waiter<Reply>>();
  readonly #inbox: WireMessage[] = [];
  readonly #readers: Waiter<WireMessage>[] = [];
  /** What came and is not decoded yet is `#received` up to `#length`; it grows by doubling, for large bodies' sake. */
  #received: Buffer = Buffer.alloc(64 * 1024);
  #length = 0;
  #nextId = 1;
  #ended: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("the server closed the connection")));
  }

  /**
   * Connects, shows which protocol it speaks, and waits for the serverPid notification: the first thing a server says to
   * such a client.
   */
  static async connect(socketPath: string): Promise<WireClient> {
    const client = await WireClient.open(socketPath);
    const refused = client.expectReply(0);
    // Where the server closes instead, the message that does not come says so.
    refused.catch(() => {});
    client.write(encodeRequest(0, "plugin.NoSuchMethod", 0));
    const { exact } = await client.nextMessage();
    if (!Array.isArray(exact) || exact[0] !== 2 || exact[1] !== "serverPid") {
      throw new Error(`the first message was ${JSON.stringify(exact)}`);
    }
    client.pid = Number(exact[2]);
    await refused;
    return client;
  }

  /** Connects and leaves even the first message to `nextMessage`. */
  static open(socketPath: string): Promise<WireClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(socketPath);
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.removeListener("error", reject);
        resolve(new WireClient(socket));
      });
    });
  }

  get isClosed(): boolean {
    return this.#ended !== undefined;
  }

  /** Calls and gives the result; an error member rejects with an RpcError. */
  async call(method: string, ...args: unknown[]): Promise<unknown> {
    const { error, result } = await this.request(method, ...args);
    if (error !== null) throw new RpcError(typeof error === "string" ? error : `not a string: ${JSON.stringify(error)}`);
    return result;
  }

  /** Calls without waiting for earlier answers, and gives the whole answer. */
  request(method: string, ...args: unknown[]): Promise<Reply> {
    const id = this.#nextId++;
    const reply = this.expectReply(id);
    this.write(encodeRequest(id, method, ...args));
    return reply;
  }

  /** The answer to a request that the caller writes itself. */
  expectReply(id: number): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) reject(this.#ended);
      else this.#pending.set(id, { resolve, reject });
    });
  }

  write(bytes: Uint8Array): void {
    if (this.#ended === undefined) this.#socket.write(bytes);
  }

  /** The next message that answers no pending call: notifications, and answers to requests written raw. */
  nextMessage(timeoutMs = 10_000): Promise<WireMessage> {
    const waiting = this.#inbox.shift();
    if (waiting !== undefined) return Promise.resolve(waiting);
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#readers.splice(this.#readers.indexOf(waiter), 1);
        reject(new Error(`no message within ${timeoutMs} ms`));
      }, timeoutMs);
      const waiter: Waiter<WireMessage> = {
        resolve: (message) => {
          clearTimeout(timer);
          resolve(message);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.#readers.push(waiter);
    });
  }

  /** Ends the connection in an orderly way. */
  async close(): Promise<void> {
    this.#socket.end();
    this.#socket.destroySoon();
    await this.closed;
  }

  /** Drops the connection as a vanished process would. */
  destroy(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#append(chunk);
    const received = this.#received.subarray(0, this.#length);
    let offset = 0;
    for (;;) {
      const decoded = decodeExact(received, offset);
      if (decoded === undefined) break;
      const bytes = Buffer.from(received.subarray(offset, decoded.end));
      offset = decoded.end;
      this.#deliver({ bytes, exact: decoded.value });
    }
    if (offset > 0) received.copyWithin(0, offset);
    this.#length -= offset;
  }

  #append(chunk: Buffer): void {
    const needed = this.#length + chunk.length;
    if (needed > this.#received.length) {
      const larger = Buffer.alloc(Math.max(needed, this.#received.length * 2));
      this.#received.copy(larger, 0, 0, this.#length);
      this.#received = larger;
    }
    chunk.copy(this.#received, this.#length);
    this.#length = needed;
  }

  #deliver(message: WireMessage): void {
    const id = Array.isArray(message.exact) && message.exact[0] === 1 ? message.exact[1] : undefined;
    const waiter = typeof id === "number" ? this.#pending.get(id) : undefined;
    if (waiter !== undefined && typeof id === "number") {
      this.#pending.delete(id);
      const [, , error, result] = codec.decode(message.bytes) as unknown[];
      waiter.resolve({ error, result, message });
      return;
    }
    const reader = this.#readers.shift();
    if (reader === undefined) this.#inbox.push(message);
    else reader.resolve(message);
  }

  #fail(error: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    for (const waiter of [...this.#pending.values(), ...this.#readers.splice(0)]) waiter.reject(error);
    this.#pending.clear();
  }
}
