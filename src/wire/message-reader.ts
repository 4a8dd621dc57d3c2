// Owns the bytes of one connection that are not a whole message yet, and cuts them into messages.
import { MessageScanner } from "./message-scanner.js";

/**
 * Turns chunks, split and glued anyhow, into complete MessagePack messages. Every byte is scanned once and copied at
 * most once, so a 50 MB body in 64 KB chunks costs 50 MB of copying.
 */
export class MessageReader {
  readonly #scanner: MessageScanner;
  #pending: Buffer[] = [];

  constructor(maxMessageSize: number) {
    this.#scanner = new MessageScanner(maxMessageSize);
  }

  /**
   * Takes a chunk and returns the messages it completes, in order.
   * @throws {WireError} when the bytes are no message; the reader is of no use after that.
   */
  push(chunk: Buffer): Buffer[] {
    const messages: Buffer[] = [];
    let start = 0;
    while (start < chunk.length) {
      const end = this.#scanner.scan(chunk, start);
      if (end === -1) {
        this.#pending.push(chunk.subarray(start));
        break;
      }
      messages.push(this.#complete(chunk.subarray(start, end)));
      start = end;
    }
    return messages;
  }

  #complete(tail: Buffer): Buffer {
    if (this.#pending.length === 0) return tail;
    this.#pending.push(tail);
    const message = Buffer.concat(this.#pending);
    this.#pending = [];
    return message;
  }
}
