// Owns the bytes of one ProtoBuf:1 connection that are not a whole frame yet, and cuts them into frames.

const HEADER = 4;
/** Room for a frame is made as it comes: a peer that announces a large one has not sent it yet. */
const FIRST_ROOM = 64 * 1024;
const GROWTH = 4;

/** Stands for a frame that is larger than the limit: it is told of when its length is known, and its bytes are passed over. */
export const OVERSIZED_FRAME = Buffer.alloc(0);

/** Stands for a first frame that is larger than the limit and does not begin as a command does: no ProtoBuf:1 at all. */
export const FOREIGN_FRAME = Buffer.alloc(0);

/** With these bytes a command begins: the tags of its sequence number, or of what it is to do. */
const COMMAND_BYTES: ReadonlySet<number> = new Set([0x08, 0xfa, 0x82, 0x8a, 0x92, 0x9a, 0xa2]);

/** The answer to most calls. */
const EMPTY_FRAME = Buffer.alloc(0);

/**
 * Turns chunks, split and glued anyhow, into the bytes of complete frames. A frame that comes in one chunk is a part of it; of
 * others every byte is copied once, and at most a third of them once more.
 */
export class FrameReader {
  readonly #maxSize: number;
  /** Bytes of the header that are there, and the length they make so far. */
  #headerBytes = 0;
  #length = 0;
  #isFirst = true;
  /** What has come of a frame that began in an earlier chunk, up to `#size`. */
  #part: Buffer | undefined;
  #size = 0;

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  /** Whether a frame has come in part. */
  get hasPart(): boolean {
    return this.#headerBytes > 0;
  }

  /**
   * Takes a chunk and passes on the frames it completes, in order; {@link OVERSIZED_FRAME} for those over the limit, or, at the
   * beginning, {@link FOREIGN_FRAME}. The
   * chunk's memory may be used again afterwards: a frame is valid only until `onFrame` returns.
   */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): void {
    let position = 0;
    while (position < chunk.length) {
      if (this.#headerBytes < HEADER) {
        position = this.#readHeader(chunk, position);
        if (this.#headerBytes === HEADER && this.#length > this.#maxSize) onFrame(this.#tooLarge(chunk[position]));
        else if (this.#headerBytes === HEADER && this.#length === 0) this.#complete(EMPTY_FRAME, onFrame);
      } else {
        const end = Math.min(chunk.length, position + this.#length - this.#size);
        this.#take(chunk.subarray(position, end), onFrame);
        position = end;
      }
    }
  }

  /** `next` is the byte behind the header, where it is there already. */
  #tooLarge(next: number | undefined): Buffer {
    const isForeign = this.#isFirst && next !== undefined && !COMMAND_BYTES.has(next);
    this.#isFirst = false;
    return isForeign ? FOREIGN_FRAME : OVERSIZED_FRAME;
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

  #take(bytes: Buffer, onFrame: (frame: Buffer) => void): void {
    const isWhole = this.#size + bytes.length === this.#length;
    if (this.#length > this.#maxSize) {
      this.#size += bytes.length;
      if (isWhole) this.#reset();
    } else if (isWhole && this.#size === 0) this.#complete(bytes, onFrame);
    else {
      const part = this.#append(bytes);
      if (isWhole) this.#complete(part.subarray(0, this.#length), onFrame);
    }
  }

  #append(bytes: Buffer): Buffer {
    const size = this.#size + bytes.length;
    let part = this.#part;
    if (part === undefined || part.length < size) {
      part = Buffer.allocUnsafeSlow(Math.min(this.#length, Math.max(FIRST_ROOM, size * GROWTH)));
      this.#part?.copy(part, 0, 0, this.#size);
      this.#part = part;
    }
    bytes.copy(part, this.#size);
    this.#size = size;
    return part;
  }

  #complete(frame: Buffer, onFrame: (frame: Buffer) => void): void {
    this.#isFirst = false;
    this.#reset();
    onFrame(frame);
  }

  #reset(): void {
    this.#headerBytes = 0;
    this.#length = 0;
    this.#size = 0;
    this.#part = undefined;
  }
}
