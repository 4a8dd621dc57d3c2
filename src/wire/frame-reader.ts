// Owns the bytes of one ProtoBuf:1 connection that are not a whole frame yet, and cuts them into frames.

const HEADER = 4;

/** Stands for a frame that is larger than the limit: it is told of when its length is known, and its bytes are passed over. */
export const OVERSIZED_FRAME = Buffer.alloc(0);

/**
 * Turns chunks, split and glued anyhow, into the bytes of complete frames. A frame in one chunk is not copied, any other
 * once.
 */
export class FrameReader {
  readonly #maxSize: number;
  #pending: Buffer[] = [];
  /** Bytes of the header that are there, and the length they make so far. */
  #headerBytes = 0;
  #length = 0;
  /** Bytes of the frame that are still to come. */
  #missing = 0;
  #skips = false;

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  /** Takes a chunk and returns the frames it completes, in order; {@link OVERSIZED_FRAME} for those over the limit. */
  push(chunk: Buffer): Buffer[] {
    const frames: Buffer[] = [];
    let position = 0;
    while (position < chunk.length) {
      if (this.#headerBytes < HEADER) {
        position = this.#readHeader(chunk, position);
        if (this.#headerBytes < HEADER) break;
        this.#begin(frames);
      } else {
        const end = Math.min(chunk.length, position + this.#missing);
        this.#take(chunk.subarray(position, end), frames);
        position = end;
      }
    }
    return frames;
  }

  #readHeader(chunk: Buffer, start: number): number {
    if (this.#headerBytes === 0 && chunk.length - start >= HEADER) {
      this.#length = chunk.readUInt32LE(start);
      this.#headerBytes = HEADER;
      return start + HEADER;
    }
    let position = start;
    while (this.#headerBytes < HEADER && position < chunk.length) {
      // A product, since a shift would make the highest bit a sign.
      this.#length += (chunk[position] ?? 0) * 2 ** (8 * this.#headerBytes);
      this.#headerBytes += 1;
      position += 1;
    }
    return position;
  }

  #begin(frames: Buffer[]): void {
    this.#missing = this.#length;
    this.#skips = this.#length > this.#maxSize;
    if (this.#skips) frames.push(OVERSIZED_FRAME);
    else if (this.#length === 0) this.#complete(Buffer.alloc(0), frames);
  }

  #take(part: Buffer, frames: Buffer[]): void {
    this.#missing -= part.length;
    if (this.#missing === 0) this.#complete(part, frames);
    else if (!this.#skips) this.#pending.push(part);
  }

  #complete(last: Buffer, frames: Buffer[]): void {
    if (!this.#skips) {
      frames.push(this.#pending.length === 0 ? last : Buffer.concat([...this.#pending, last]));
      this.#pending = [];
    }
    this.#headerBytes = 0;
    this.#length = 0;
  }
}
