// Owns the receiving side of one connection: whole messages out of chunks, copied only where they are split.
import { connect, type Socket } from "node:net";
import { endOfValue } from "./scan.js";

const CHUNK = 256 * 1024;
/** One for all connections: each chunk is used up before the next one is read. */
const chunk = Buffer.allocUnsafe(CHUNK);
const NOTIFICATION = 0x93;

export interface MessageReceiver {
  /** Tries to take what is there, up to `end`, as one whole message; false where it cannot be one as it is. */
  tryWhole(bytes: Buffer, end: number): boolean;
  /** A message that `tryWhole` did not take. */
  onMessage(message: Buffer): void;
  onClose(error: Error): void;
}

export class MessageStream {
  readonly #receiver: MessageReceiver;
  #pending = Buffer.alloc(0);
  #length = 0;
  #needed = 0;

  private constructor(receiver: MessageReceiver) {
    this.#receiver = receiver;
  }

  static open(path: string, receiver: MessageReceiver): Promise<Socket> {
    const stream = new MessageStream(receiver);
    return new Promise((resolve, reject) => {
      const callback = (length: number): boolean => {
        stream.#onChunk(length);
        return true;
      };
      const socket = connect({ path, onread: { buffer: chunk, callback } }, () => resolve(socket));
      socket.on("error", (error) => {
        reject(error);
        receiver.onClose(error);
      });
      socket.on("close", () => receiver.onClose(new Error("the server closed the connection")));
    });
  }

  #onChunk(length: number): void {
    if (this.#length === 0) return this.#take(chunk, length);
    this.#append(length);
    if (this.#length >= this.#needed) this.#take(this.#pending, this.#length);
  }

  #take(bytes: Buffer, end: number): void {
    this.#length = 0;
    if (this.#receiver.tryWhole(bytes, end)) return;
    let start = 0;
    while (start < end) {
      const next = endOfValue(bytes, start, end);
      if (next > end) return this.#keep(bytes, start, end, next - start);
      // The serverPid notification, which not every server sends.
      if (bytes[start] !== NOTIFICATION) this.#receiver.onMessage(bytes.subarray(start, next));
      start = next;
    }
  }

  #keep(bytes: Buffer, start: number, end: number, needed: number): void {
    this.#needed = needed;
    this.#reserve(needed + CHUNK);
    bytes.copy(this.#pending, 0, start, end);
    this.#length = end - start;
  }

  #append(length: number): void {
    this.#reserve(this.#length + length);
    chunk.copy(this.#pending, this.#length, 0, length);
    this.#length += length;
  }

  #reserve(size: number): void {
    if (size <= this.#pending.length) return;
    const larger = Buffer.allocUnsafe(Math.max(size, this.#pending.length * 2));
    this.#pending.copy(larger, 0, 0, this.#length);
    this.#pending = larger;
  }
}
