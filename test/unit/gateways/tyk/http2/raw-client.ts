// A client that writes HTTP/2 frames as a test says, right or wrong, and reads what comes back.
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export const FRAME = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4 } as const;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

const HEADER = 9;
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

export function frameOf(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const bytes = Buffer.alloc(HEADER + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  bytes.set(payload, HEADER);
  return bytes;
}

/** Header fields without compression, for which HPACK has a form; values up to 126 bytes. */
export function headerBlock(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([name, value]) => [
      Buffer.from([0, name.length]),
      Buffer.from(name),
      Buffer.from([value.length]),
      Buffer.from(value),
    ]),
  );
}

/** The same fields once more, by their places in the table that the other side keeps: where {@link rememberedBlock} was the last. */
export const indexedBlock = (count: number): Buffer =>
  Buffer.from(Array.from({ length: count }, (_, i) => 0x80 + 61 + count - i));

/** Header fields that the other side is to remember. */
export const rememberedBlock = (fields: readonly (readonly [string, string])[]): Buffer =>
  Buffer.concat(fields.map((field) => Buffer.concat([Buffer.from([0x40]), headerBlock([field]).subarray(1)])));

export const REQUEST = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/test.Test/Echo"],
  [":authority", "localhost"],
  ["content-type", "application/grpc"],
  ["te", "trailers"],
] as const;

/** A message as gRPC has it in DATA frames. */
export function grpcMessage(message: Uint8Array, flag = 0): Buffer {
  const bytes = Buffer.alloc(5 + message.length);
  bytes[0] = flag;
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, 5);
  return bytes;
}

export class RawClient {
  readonly #socket: Socket;
  readonly frames: Frame[] = [];
  isClosed = false;
  #rest = Buffer.alloc(0);
  #onChange: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("close", () => {
      this.isClosed = true;
      this.#onChange?.();
    });
    onTestFinished(() => {
      socket.destroy();
    });
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: "127.0.0.1" });
    await new Promise((resolve) => socket.once("connect", resolve));
    return new RawClient(socket);
  }

  /** With preface and empty settings. */
  static async greet(port: number): Promise<RawClient> {
    const client = await RawClient.connect(port);
    client.write(PREFACE, frameOf(FRAME.settings, 0, 0));
    await client.until(() => client.of(FRAME.settings).length === 2);
    return client;
  }

  write(...bytes: readonly Uint8Array[]): void {
    this.#socket.write(Buffer.concat(bytes));
  }

  end(): void {
    this.#socket.end();
  }

  /** Breaks the connection, as a client does that crashes. */
  break(): void {
    this.#socket.resetAndDestroy();
  }

  request(stream: number, fields: readonly (readonly [string, string])[] = REQUEST, flags: number = FLAG.endHeaders): void {
    this.write(frameOf(FRAME.headers, flags, stream, headerBlock(fields)));
  }

  of(type: number, stream?: number): Frame[] {
    return this.frames.filter((frame) => frame.type === type && (stream === undefined || frame.stream === stream));
  }

  /** Resolves when this is so, or rejects when the connection is closed before. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.isClosed) throw new Error(`closed after ${this.frames.length} frames`);
      await new Promise<void>((resolve) => (this.#onChange = resolve));
    }
  }

  async closed(): Promise<void> {
    while (!this.isClosed) await new Promise<void>((resolve) => (this.#onChange = resolve));
  }

  /** The stream has ended: by END_STREAM, or by a reset. */
  async ended(stream: number): Promise<void> {
    await this.until(() =>
      this.frames.some(
        (frame) =>
          frame.stream === stream &&
          (frame.type === FRAME.rstStream ||
            ((frame.type === FRAME.headers || frame.type === FRAME.data) && (frame.flags & FLAG.endStream) !== 0)),
      ),
    );
  }

  #receive(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= HEADER) {
      const size = this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < HEADER + size) break;
      this.frames.push({
        type: this.#rest[3] ?? 0,
        flags: this.#rest[4] ?? 0,
        stream: this.#rest.readUInt32BE(5),
        payload: this.#rest.subarray(HEADER, HEADER + size),
      });
      this.#rest = this.#rest.subarray(HEADER + size);
    }
    this.#onChange?.();
  }
}
