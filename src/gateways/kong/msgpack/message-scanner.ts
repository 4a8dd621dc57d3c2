// Finds where a MessagePack message ends, byte by byte across chunks, without building any value.
import { WireError } from "./errors.js";

const INVALID = 0xc1;

/**
 * Elements of lists and entries of maps in one message, at all levels: building a value takes a hundred times as long as reading
 * its bytes. A message that comes in one chunk has fewer than bytes, so that only those of several chunks are counted.
 */
export const MAX_ELEMENTS = 2 ** 18;

/** How many length bytes follow a tag of the 0xc0 to 0xdf range, and what they count. */
interface TagShape {
  /** Bytes of the length field, 0 where the tag has none. */
  readonly lengthBytes: number;
  /** Payload bytes beside those the length field counts. */
  readonly payload: number;
  /** Values that one counted unit stands for: 0 for bytes, 1 for array elements, 2 for map entries. */
  readonly valuesPerUnit: 0 | 1 | 2;
}

const bytesAfter = (payload: number): TagShape => ({ lengthBytes: 0, payload, valuesPerUnit: 0 });
const counted = (lengthBytes: number, valuesPerUnit: 0 | 1 | 2 = 0, payload = 0): TagShape => ({
  lengthBytes,
  payload,
  valuesPerUnit,
});

// Indexed by tag - 0xc0, in the order of the MessagePack specification.
const SHAPES: readonly TagShape[] = [
  bytesAfter(0),
  bytesAfter(0),
  bytesAfter(0),
  bytesAfter(0), // nil, (unused), false, true
  counted(1),
  counted(2),
  counted(4), // bin 8, 16, 32
  counted(1, 0, 1),
  counted(2, 0, 1),
  counted(4, 0, 1), // ext 8, 16, 32: one type byte more
  bytesAfter(4),
  bytesAfter(8), // float 32, 64
  bytesAfter(1),
  bytesAfter(2),
  bytesAfter(4),
  bytesAfter(8), // uint
  bytesAfter(1),
  bytesAfter(2),
  bytesAfter(4),
  bytesAfter(8), // int
  bytesAfter(2),
  bytesAfter(3),
  bytesAfter(5),
  bytesAfter(9),
  bytesAfter(17), // fixext
  counted(1),
  counted(2),
  counted(4), // str 8, 16, 32
  counted(2, 1),
  counted(4, 1), // array 16, 32
  counted(2, 2),
  counted(4, 2), // map 16, 32
];

/** Whether a tag opens an array: the only thing a MessagePack-RPC message may start with. */
function isArrayTag(tag: number): boolean {
  return (tag >= 0x90 && tag <= 0x9f) || tag === 0xdc || tag === 0xdd;
}

/**
 * Scans one message at a time. A message is over when no value is outstanding, so one counter replaces a stack and
 * nesting costs nothing here; the decoder is what limits depth.
 */
export class MessageScanner {
  readonly #maxSize: number;
  #size = 0;
  #values = 1;
  #elements = 0;
  #skip = 0;
  #lengthBytes = 0;
  #length = 0;
  #shape: TagShape = bytesAfter(0);

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  /** Bytes of the value under way that are known to come. */
  get outstanding(): number {
    return this.#skip;
  }

  /**
   * Reads on from `start`. Returns the offset behind the message's last byte, or -1 where the chunk ends first.
   * @throws {WireError} for a byte that cannot be in a message, or one that announces more than the limit.
   */
  scan(chunk: Uint8Array, start: number): number {
    let position = start;
    while (position < chunk.length) {
      const before = position;
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, chunk.length - position);
        position += step;
        this.#skip -= step;
      } else {
        this.#byte(chunk[position] ?? 0);
        position += 1;
      }
      this.#size += position - before;
      if (this.#size + this.#skip + this.#values > this.#maxSize) throw tooLarge(this.#maxSize);
      if (this.#values === 0 && this.#skip === 0 && this.#lengthBytes === 0) {
        this.#size = 0;
        this.#values = 1;
        this.#elements = 0;
        return position;
      }
    }
    return -1;
  }

  #byte(byte: number): void {
    if (this.#lengthBytes > 0) {
      this.#length = this.#length * 256 + byte;
      this.#lengthBytes -= 1;
      if (this.#lengthBytes === 0) this.#lengthKnown();
      return;
    }
    if (this.#size === 0 && !isArrayTag(byte)) throw notAMessage(byte);
    this.#values -= 1;
    if (byte <= 0x7f || byte >= 0xe0) return;
    if (byte <= 0x8f) this.#contains(byte & 0x0f, 2);
    else if (byte <= 0x9f) this.#contains(byte & 0x0f, 1);
    else if (byte <= 0xbf) this.#skip = byte & 0x1f;
    else this.#tag(byte);
  }

  #tag(tag: number): void {
    const shape = shapeOf(tag);
    this.#shape = shape;
    this.#lengthBytes = shape.lengthBytes;
    this.#length = 0;
    if (shape.lengthBytes === 0) this.#skip = shape.payload;
  }

  #lengthKnown(): void {
    const { payload, valuesPerUnit } = this.#shape;
    if (valuesPerUnit === 0) this.#skip = this.#length + payload;
    else this.#contains(this.#length, valuesPerUnit);
  }

  #contains(count: number, valuesEach: 1 | 2): void {
    this.#values += count * valuesEach;
    this.#elements += count;
    if (this.#size + this.#values > this.#maxSize) throw tooLarge(this.#maxSize);
    if (this.#elements > MAX_ELEMENTS) throw tooManyElements();
  }
}

/**
 * Returns the offset behind the message that starts at `start`, or -1 where the chunk ends first.
 * @throws {WireError} as {@link MessageScanner.scan} does, for what is in the chunk.
 */
export function messageEnd(chunk: Uint8Array, start: number, maxSize: number): number {
  if (!isArrayTag(chunk[start] ?? 0)) throw notAMessage(chunk[start] ?? 0);
  const end = valueEnd(chunk, start);
  if (end > chunk.length) return -1;
  if (end - start > maxSize) throw tooLarge(maxSize);
  return end;
}

/** Skips one value inside a complete message and returns the offset behind it. */
export function skipValue(bytes: Uint8Array, start: number): number {
  const end = valueEnd(bytes, start);
  if (end > bytes.length) throw new WireError("WIRE_TRUNCATED", `at offset ${start}`);
  return end;
}

/** Where a value ends; behind the end of `bytes` where these end first. */
function valueEnd(bytes: Uint8Array, start: number): number {
  let position = start;
  for (let values = 1; values > 0; values -= 1) {
    const tag = bytes[position];
    if (tag === undefined) return bytes.length + 1;
    position += 1;
    if (tag <= 0x7f || tag >= 0xe0) continue;
    if (tag <= 0x8f) values += (tag & 0x0f) * 2;
    else if (tag <= 0x9f) values += tag & 0x0f;
    else if (tag <= 0xbf) position += tag & 0x1f;
    else {
      const { lengthBytes, payload, valuesPerUnit } = shapeOf(tag);
      let length = 0;
      for (let i = 0; i < lengthBytes; i += 1) length = length * 256 + (bytes[position + i] ?? 0);
      position += lengthBytes;
      if (valuesPerUnit === 0) position += length + payload;
      else if (position <= bytes.length) values += length * valuesPerUnit;
      else return position;
    }
  }
  return position;
}

function shapeOf(tag: number): TagShape {
  const shape = tag === INVALID ? undefined : SHAPES[tag - 0xc0];
  if (shape === undefined) throw new WireError("WIRE_INVALID_BYTE", `0x${tag.toString(16)}`);
  return shape;
}

const notAMessage = (byte: number): WireError =>
  new WireError("WIRE_NOT_A_MESSAGE", `it starts with byte 0x${byte.toString(16)}`);

export const tooManyElements = (): WireError => new WireError("WIRE_TOO_MANY_ELEMENTS", `the limit is ${MAX_ELEMENTS}`);

const tooLarge = (maxSize: number): WireError => new WireError("WIRE_TOO_LARGE", `the limit is ${maxSize} bytes`);
