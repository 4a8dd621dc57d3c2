// Owns the bytes of one connection that are not a whole message yet, and cuts them into messages.
import { MessageScanner } from "./message-scanner.js";
import { releaseMemory, SHARED_SIZE } from "../../../core/net/index.js";

/** A part that outgrows it lies in memory of its own, as its message does then. */
const FIRST_PART = SHARED_SIZE;
/** By how much the room for a message grows: a peer that announces a large one has not sent it yet. */
const GROWTH = 4;
/** Up to this many times of what is here the announced size is believed: it spares the last copy. */
const BELIEVED = 8;
/** What may follow the longest value of a message without new room being needed. */
const SPARE = 64;

/**
 * Turns chunks, split and glued anyhow, into complete MessagePack messages. A message that comes in one chunk is a part
 * of it; of others every byte is copied once, and at most two thirds of them once more.
 */
export class MessageReader {
  readonly #scanner: MessageScanner;
  #part: Buffer | undefined;
  #size = 0;

  constructor(maxMessageSize: number) {
    this.#scanner = new MessageScanner(maxMessageSize);
  }

  /** Whether a message has come in part. */
  get hasPart(): boolean {
    return this.#part !== undefined;
  }

  /**
   * Takes a chunk and passes on the messages it completes, in order. The chunk's memory may be used again afterwards: a
   * message up to its size is valid only until `onMessage` returns.
   * @throws {WireError} when the bytes are no message; the reader is of no use after that.
   */
  push(chunk: Buffer, onMessage: (message: Buffer) => void): void {
    let start = 0;
    while (start < chunk.length) {
      const end = this.#scanner.scan(chunk, start);
      const isInOneChunk = this.#part === undefined && end !== -1;
      const until = end === -1 ? chunk.length : end;
      if (isInOneChunk) onMessage(start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end));
      else {
        const part = this.#append(chunk, start, until);
        if (end !== -1) onMessage(this.#take(part));
      }
      start = until;
    }
  }

  /** The message that is whole now; the next part begins anew. */
  #take(part: Buffer): Buffer {
    const message = part.subarray(0, this.#size);
    this.#part = undefined;
    this.#size = 0;
    return message;
  }

  #append(chunk: Buffer, start: number, end: number): Buffer {
    const size = this.#size + end - start;
    let part = this.#part;
    if (part === undefined || part.length < size) {
      const wanted = size + this.#scanner.outstanding + SPARE;
      const isBelieved = wanted <= Math.max(FIRST_PART, size * BELIEVED);
      const larger = Buffer.allocUnsafeSlow(isBelieved ? wanted : Math.max(FIRST_PART, size * GROWTH));
      part?.copy(larger, 0, 0, this.#size);
      if (part !== undefined) releaseMemory(part);
      part = larger;
      this.#part = larger;
    }
    chunk.copy(part, this.#size, start, end);
    this.#size = size;
    return part;
  }
}
