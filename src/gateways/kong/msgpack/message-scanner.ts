// Finds where a MessagePack message ends, byte by byte across chunks, without building any value.
import { WireError } from "./errors.js";

const INVALID = 0xc1;

/**
 * Elements of lists and entries of maps in one message, at all levels: building a value takes a hundred times as long as reading
 * its bytes.
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

const NO_BYTES = bytesAfter(0);

// Indexed by tag - 0xc0, in the order of the MessagePack specification.
const SHAPES: readonly TagShape[] = [
  NO_BYTES,
  NO_BYTES,
  NO_BYTES,
  NO_BYTES, // nil, (unused), false, true
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
 * Walks over one value with all that it holds, in as many chunks as it comes. A value is over when none is outstanding, so one
 * counter replaces a stack and nesting costs nothing here; the decoder is what limits depth.
 */
class ValueWalk {
  /** Values whose tag is still to come. */
  values = 1;
  /** Elements and entries announced so far. */
  elements = 0;
  /** Bytes of the last value that the next chunk begins with. */
  skip = 0;
  #lengthBytes = 0;
  #length = 0;
  #shape = NO_BYTES;

  begin(): void {
    this.values = 1;
    this.elements = 0;
    this.skip = 0;
    this.#lengthBytes = 0;
  }

  /** Reads on from `start`. Returns the offset behind the value, or -1 where the chunk ends first. */
  advance(chunk: Uint8Array, start: number): number {
    const end = chunk.length;
    let position = start + this.skip;
    let { values, elements } = this;
    let lengthBytes = this.#lengthBytes;
    let length = this.#length;
    let shape = this.#shape;
    while (position < end && (values > 0 || lengthBytes > 0)) {
      if (lengthBytes === 0) {
        const tag = chunk[position] ?? 0;
        position += 1;
        values -= 1;
        if (tag <= 0x7f || tag >= 0xe0) continue;
        if (tag <= 0xbf) {
          const count = tag & 0x0f;
          if (tag >= 0xa0) position += tag & 0x1f;
          else {
            values += tag <= 0x8f ? count * 2 : count;
            elements += count;
          }
          continue;
        }
        shape = shapeOf(tag);
        lengthBytes = shape.lengthBytes;
        length = 0;
      }
      for (; lengthBytes > 0 && position < end; lengthBytes -= 1, position += 1) length = length * 256 + (chunk[position] ?? 0);
      if (lengthBytes > 0) break;
      if (shape.valuesPerUnit === 0) position += length + shape.payload;
      else {
        values += length * shape.valuesPerUnit;
        elements += length;
      }
    }
    this.values = values;
    this.elements = elements;
    this.skip = Math.max(position - end, 0);
    this.#lengthBytes = lengthBytes;
    this.#length = length;
    this.#shape = shape;
    return values > 0 || lengthBytes > 0 || position > end ? -1 : position;
  }
}

/** Scans one message at a time. */
export class MessageScanner {
  readonly #walk = new ValueWalk();
  readonly #maxSize: number;
  #size = 0;

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  /** Bytes of the value under way that are known to come. */
  get outstanding(): number {
    return this.#walk.skip;
  }

  /**
   * Reads on from `start`. Returns the offset behind the message's last byte, or -1 where the chunk ends first.
   * @throws {WireError} for a byte that cannot be in a message, or one that announces more than the limit.
   */
  scan(chunk: Uint8Array, start: number): number {
    const walk = this.#walk;
    const first = chunk[start] ?? 0;
    if (this.#size === 0 && !isArrayTag(first)) throw notAMessage(first);
    const end = walk.advance(chunk, start);
    this.#size += (end === -1 ? chunk.length : end) - start;
    if (this.#size + walk.skip + walk.values > this.#maxSize) throw tooLarge(this.#maxSize);
    if (walk.elements > MAX_ELEMENTS) throw tooManyElements();
    if (end === -1) return -1;
    this.#size = 0;
    walk.begin();
    return end;
  }
}

/** For values that are whole: begun anew for each. */
const wholeValue = new ValueWalk();

/** Skips one value inside a complete message and returns the offset behind it. */
export function skipValue(bytes: Uint8Array, start: number): number {
  wholeValue.begin();
  const end = wholeValue.advance(bytes, start);
  if (end === -1) throw new WireError("WIRE_TRUNCATED", `at offset ${start}`);
  return end;
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
