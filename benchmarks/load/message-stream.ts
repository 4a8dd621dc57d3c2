// Owns the receiving side of one connection: whole messages out of chunks, copied only where they are split.
import type { Socket } from "node:net";
import { connectReading } from "./connect-reading.js";
import { endOfValue } from "./scan.js";

/** So that what follows a message in its last chunk has room too. */
const SPARE = 256 * 1024;
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
    return connectReading(path, {
      onChunk: (chunk, length) => stream.#onChunk(chunk, length),
      onClose: (error) => receiver.onClose(error),
    });
  }

  #onChunk(chunk: Buffer, length: number): void {
    if (this.#length === 0) return this.#take(chunk, length);
    this.#append(chunk, length);
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
    this.#reserve(needed + SPARE);
    bytes.copy(this.#pending, 0, start, end);
    this.#length = end - start;
  }

  #append(chunk: Buffer, length: number): void {
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
