// Reads the parts of a ProtoBuf message from bytes: tags, numbers, lengths and text. Every part is checked to be there.
import { isUtf8 } from "node:buffer";
import { shortText } from "../../../../core/model/index.js";
import { MessageError } from "./message-error.js";

/** How a field's value lies in the bytes: the lower three bits of its tag. */
export const WIRE_TYPES = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Fields, entries and list members of one message at all levels: building them takes far longer than reading their bytes. */
const MAX_FIELDS = 2 ** 18;
const MAX_VARINT_BYTES = 10;
const REPLACEMENT_CHARACTER = "\ufffd";

export class WireReader {
  readonly bytes: Buffer;
  /** Of the next byte to be read. */
  position = 0;
  #fields = 0;
  /** The number that {@link WireReader.#varint} has read last, in two halves of 32 bits. */
  #low = 0;
  #high = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** A field's number and its wire type, as they are in the bytes: `tag >>> 3` and `tag & 7`. */
  tag(end: number): number {
    this.#fields += 1;
    if (this.#fields > MAX_FIELDS)
      throw new MessageError("COPROCESS_TOO_MANY_FIELDS", `${MAX_FIELDS} are allowed in one message, at all levels`);
    const start = this.position;
    const byte = this.bytes[start] ?? 0;
    if (byte < 0x80 && start < end) {
      this.position = start + 1;
      this.#low = byte;
    } else {
      this.#varint(end);
      if (this.#high !== 0) throw this.malformed("a field's number is too large");
    }
    if (this.#low >>> 3 === 0) throw this.malformed("a field has the number 0");
    return this.#low;
  }

  /** The length of what follows, which is all there. */
  length(end: number): number {
    this.#varint(end);
    if (this.#high !== 0 || this.#low > end - this.position)
      throw this.malformed(`${end - this.position} bytes are left where more are announced`);
    return this.#low;
  }

  int32(end: number): number {
    this.#varint(end);
    return this.#low | 0;
  }

  /** Beyond 2^53 the nearest number there is. */
  int64(end: number): number {
    this.#varint(end);
    return (this.#high | 0) * 2 ** 32 + this.#low;
  }

  bool(end: number): boolean {
    this.#varint(end);
    return this.#low !== 0 || this.#high !== 0;
  }

  double(end: number): number {
    this.#require(8, end);
    this.position += 8;
    return this.bytes.readDoubleLE(this.position - 8);
  }

  /** The next `size` bytes as text: see {@link WireReader.length} for their being there. */
  text(size: number): string {
    const start = this.position;
    this.position = start + size;
    return readText(this.bytes, start, start + size);
  }

  /** Passes a value over. */
  skip(wireType: number, end: number): void {
    if (wireType === WIRE_TYPES.bytes) {
      const size = this.length(end);
      this.position += size;
    } else if (wireType === WIRE_TYPES.varint) this.#varint(end);
    else if (wireType === WIRE_TYPES.fixed64) this.#take(8, end);
    else if (wireType === WIRE_TYPES.fixed32) this.#take(4, end);
    // Groups are gone from the language, and nest without a length.
    else throw this.malformed(`a field of wire type ${wireType}`);
  }

  malformed(what: string): MessageError {
    return new MessageError("COPROCESS_MALFORMED", `${what}, at byte ${this.position} of ${this.bytes.length}`);
  }

  #take(size: number, end: number): void {
    this.#require(size, end);
    this.position += size;
  }

  #require(size: number, end: number): void {
    if (end - this.position < size) throw this.malformed("a number is cut off");
  }

  #varint(end: number): void {
    let low = 0;
    let high = 0;
    for (let i = 0; i < MAX_VARINT_BYTES; i += 1) {
      if (this.position >= end) throw this.malformed("a number is cut off");
      const byte = this.bytes[this.position++] ?? 0;
      const part = byte & 0x7f;
      const shift = 7 * i;
      if (shift < 28) low |= part << shift;
      else if (shift === 28) {
        low |= part << 28;
        high = part >>> 4;
      } else high |= part << (shift - 32);
      if (byte < 0x80) {
        this.#low = low >>> 0;
        this.#high = high >>> 0;
        return;
      }
    }
    throw this.malformed("a number has more than 10 bytes");
  }
}

/**
 * The text of these bytes.
 * @throws {MessageError} for what is not UTF-8.
 */
export function readText(bytes: Buffer, start: number, end: number): string {
  const short = shortText(bytes, start, end - start);
  if (short !== undefined) return short;
  const text = bytes.toString("utf8", start, end);
  // Looked for in the text, which is quicker than to look at all bytes once more.
  if (text.includes(REPLACEMENT_CHARACTER) && !isUtf8(bytes.subarray(start, end)))
    throw new MessageError("COPROCESS_NOT_UTF8", `${end - start} bytes at byte ${start}`);
  return text;
}
