// Cuts a stream of bytes into frames, each behind its length, and puts bytes into such frames.

const HEADER = 4;

export class FrameSplitter {
  #parts: Buffer[] = [];
  #size = 0;
  /** Bytes until there is something to cut off: a header, then what it announces. */
  #wanted = HEADER;

  /** Takes a chunk and returns the frames it completes. */
  push(chunk: Buffer): Buffer[] {
    this.#parts.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#wanted) return [];
    const bytes = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts);
    const frames: Buffer[] = [];
    let start = 0;
    this.#wanted = wantedAt(bytes, start);
    while (bytes.length - start >= this.#wanted && this.#wanted > 0 && isWhole(bytes, start)) {
      frames.push(bytes.subarray(start + HEADER, start + this.#wanted));
      start += this.#wanted;
      this.#wanted = wantedAt(bytes, start);
    }
    const rest = bytes.subarray(start);
    this.#parts = rest.length === 0 ? [] : [rest];
    this.#size = rest.length;
    return frames;
  }
}

const isWhole = (bytes: Buffer, start: number): boolean => bytes.length - start >= HEADER;

function wantedAt(bytes: Buffer, start: number): number {
  return isWhole(bytes, start) ? HEADER + bytes.readUInt32LE(start) : HEADER;
}

export function frame(bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt32LE(bytes.length);
  return Buffer.concat([header, bytes]);
}
