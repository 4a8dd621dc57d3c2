// Cuts a stream of bytes into whole MessagePack messages without decoding them, looking at every byte at most once.

import { GatewayError } from "../errors.js";

/** What follows a first byte: a length of so many bytes, what that length counts, or a fixed number of bytes. */
type Head = { lengthBytes: number; counts: "bytes" | "ext" | "items" | "pairs" } | { skip: number };

const HEADS = new Map<number, Head>([
  [0xc4, { lengthBytes: 1, counts: "bytes" }],
  [0xc5, { lengthBytes: 2, counts: "bytes" }],
  [0xc6, { lengthBytes: 4, counts: "bytes" }],
  [0xc7, { lengthBytes: 1, counts: "ext" }],
  [0xc8, { lengthBytes: 2, counts: "ext" }],
  [0xc9, { lengthBytes: 4, counts: "ext" }],
  [0xca, { skip: 4 }],
  [0xcb, { skip: 8 }],
  [0xcc, { skip: 1 }],
  [0xcd, { skip: 2 }],
  [0xce, { skip: 4 }],
  [0xcf, { skip: 8 }],
  [0xd0, { skip: 1 }],
  [0xd1, { skip: 2 }],
  [0xd2, { skip: 4 }],
  [0xd3, { skip: 8 }],
  [0xd4, { skip: 2 }],
  [0xd5, { skip: 3 }],
  [0xd6, { skip: 5 }],
  [0xd7, { skip: 9 }],
  [0xd8, { skip: 17 }],
  [0xd9, { lengthBytes: 1, counts: "bytes" }],
  [0xda, { lengthBytes: 2, counts: "bytes" }],
  [0xdb, { lengthBytes: 4, counts: "bytes" }],
  [0xdc, { lengthBytes: 2, counts: "items" }],
  [0xdd, { lengthBytes: 4, counts: "items" }],
  [0xde, { lengthBytes: 2, counts: "pairs" }],
  [0xdf, { lengthBytes: 4, counts: "pairs" }],
]);

export class MessageSplitter {
  #parts: Buffer[] = [];
  /** Values still to come before the message is whole. */
  #values = 1;
  /** Bytes of the current value that need no look. */
  #skip = 0;
  #lengthBytes = 0;
  #length = 0;
  #counts: "bytes" | "ext" | "items" | "pairs" = "bytes";

  /** Takes a chunk and returns the messages it completes. */
  push(chunk: Buffer): Buffer[] {
    const messages: Buffer[] = [];
    let start = 0;
    let at = 0;
    while (at < chunk.length) {
      at = this.#advance(chunk, at);
      if (this.#values > 0 || this.#skip > 0 || this.#lengthBytes > 0) continue;
      this.#parts.push(chunk.subarray(start, at));
      messages.push(this.#parts.length === 1 ? chunk.subarray(start, at) : Buffer.concat(this.#parts));
      this.#parts = [];
      this.#values = 1;
      start = at;
    }
    if (start < chunk.length) this.#parts.push(chunk.subarray(start));
    return messages;
  }

  #advance(chunk: Buffer, at: number): number {
    if (this.#skip > 0) {
      const bytes = Math.min(this.#skip, chunk.length - at);
      this.#skip -= bytes;
      return at + bytes;
    }
    const byte = chunk.readUInt8(at);
    if (this.#lengthBytes > 0) this.#readLength(byte);
    else this.#readHead(byte);
    return at + 1;
  }

  #readHead(byte: number): void {
    this.#values -= 1;
    if (byte < 0x80 || byte >= 0xe0 || byte === 0xc0 || byte === 0xc2 || byte === 0xc3) return;
    if (byte < 0x90) this.#values += 2 * (byte & 0x0f);
    else if (byte < 0xa0) this.#values += byte & 0x0f;
    else if (byte < 0xc0) this.#skip = byte & 0x1f;
    else this.#readLongHead(byte);
  }

  #readLongHead(byte: number): void {
    const head = HEADS.get(byte);
    if (head === undefined) {
      throw new GatewayError("GATEWAY_BAD_REPLY", "the plugin server sent a byte that no MessagePack value begins with (0xc1)");
    }
    if ("skip" in head) {
      this.#skip = head.skip;
      return;
    }
    this.#lengthBytes = head.lengthBytes;
    this.#length = 0;
    this.#counts = head.counts;
  }

  #readLength(byte: number): void {
    this.#length = this.#length * 256 + byte;
    this.#lengthBytes -= 1;
    if (this.#lengthBytes > 0) return;
    if (this.#counts === "bytes") this.#skip = this.#length;
    else if (this.#counts === "ext") this.#skip = this.#length + 1;
    else this.#values += this.#length * (this.#counts === "pairs" ? 2 : 1);
  }
}
