// Owns a ProtoBuf:1 client for tests that says exactly what it is told: frames out, frames in.
import { connect } from "node:net";
import type { Socket } from "node:net";
import { encodeFields, messageTypeOf } from "../../src/gateways/kong/standin/protobuf/messages.js";

/** A frame of these bytes. */
export function frame(bytes: Uint8Array | string): Buffer {
  const content = Buffer.from(bytes);
  const header = Buffer.alloc(4);
  header.writeUInt32LE(content.length);
  return Buffer.concat([header, content]);
}

/** The bytes of a message, in the fields' camel case, in the stand-in gateway's encoding. */
export const message = (name: string, fields: Readonly<Record<string, unknown>>): Buffer =>
  encodeFields(messageTypeOf(name), fields);

/** The frame of a command, e.g. `rpcCall(1, "cmdCloseInstance", { instanceId: 5 })`. */
export const rpcCall = (sequence: number, command: string, fields: Readonly<Record<string, unknown>>): Buffer =>
  frame(message("RpcCall", { sequence: BigInt(sequence), call: { case: command, value: fields } }));

export class FrameClient {
  /** Settles when the connection is gone, whoever closed it. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  #wake: () => void = () => {};
  #isOver = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    socket.on("data", (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake();
    });
    const end = (): void => {
      this.#isOver = true;
      this.#wake();
    };
    socket.on("error", end);
    socket.on("close", end);
    socket.on("end", end);
  }

  static connect(path: string): Promise<FrameClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once("error", reject);
      socket.once("connect", () => resolve(new FrameClient(socket)));
    });
  }

  write(bytes: Uint8Array): void {
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }

  /** The bytes of the next frame; rejects where there will be none. */
  async frame(): Promise<Buffer> {
    for (;;) {
      const size = this.#bytes.length < 4 ? Infinity : 4 + this.#bytes.readUInt32LE(0);
      if (this.#bytes.length >= size) {
        const content = this.#bytes.subarray(4, size);
        this.#bytes = this.#bytes.subarray(size);
        return content;
      }
      if (this.#isOver) throw new Error("the server closed the connection");
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** What arrives next at once. */
  chunk(): Promise<Buffer> {
    return new Promise((resolve) => this.#socket.once("data", resolve));
  }

  /** Starts an instance and gives its id. */
  async startInstance(name: string, config: unknown = {}): Promise<number> {
    this.write(rpcCall(1, "cmdStartInstance", { name, config: Buffer.from(JSON.stringify(config)) }));
    // RpcReturn { sequence 1, instance_status { …, instance_id = 2 } }: read by hand, since it is the server's encoding.
    const bytes = await this.frame();
    const at = bytes.indexOf(Buffer.concat([Buffer.from([0x0a, name.length]), Buffer.from(name), Buffer.from([0x10])]));
    let id = 0;
    for (let i = at + name.length + 3, shift = 0; ; i += 1, shift += 7) {
      const byte = bytes[i] ?? 0;
      id += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return id;
    }
  }

  /** Begins an event and gives the name of its first call, "" where there is none. */
  async begin(sequence: number, instanceId: number, phase: string): Promise<string> {
    this.write(rpcCall(sequence, "cmdHandleEvent", { instanceId, eventName: phase }));
    return (await this.frame()).toString();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
