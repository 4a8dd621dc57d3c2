// Writes MessagePack values into one buffer that is used again and again.
import { writeAscii } from "../../../core/model/index.js";
import { SHARED_SIZE } from "../../../core/net/index.js";
import { WireError } from "./errors.js";

const FIRST_SIZE = 8 * 1024;
const MAX_HEADER = 9;
/** Deeper nesting, or a value that contains itself, is refused: no decoder takes it, and writing recurses. */
const MAX_DEPTH = 256;
/** Up to this length a loop is quicker than a call into the runtime. */
const MAX_LOOP = 40;
/** Up to this length a text's size is found by writing it. */
const MAX_GUESSED = 1024;
const MAX_UTF8 = 3;

const encoder = new TextEncoder();

export class MsgpackWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_SIZE);
  #position = 0;
  #depth = 0;

  /** What was written since the last time, in memory of its own. */
  take(): Buffer {
    const end = this.#position;
    this.#position = 0;
    // A large result takes the buffer along instead of being copied out of it.
    if (end <= SHARED_SIZE) return this.#copy(end);
    const written = this.#bytes.subarray(0, end);
    this.#bytes = Buffer.allocUnsafeSlow(FIRST_SIZE);
    return written;
  }

  #copy(end: number): Buffer {
    const copy = Buffer.allocUnsafe(end);
    this.#bytes.copy(copy, 0, 0, end);
    return copy;
  }

  /** Forgets what was written: an attempt has failed. */
  discard(): void {
    this.#position = 0;
    this.#depth = 0;
  }

  /** Encoded bytes, as they are. */
  raw(encoded: Uint8Array): void {
    this.#reserve(encoded.length);
    this.#bytes.set(encoded, this.#position);
    this.#position += encoded.length;
  }

  /**
   * Strings as str, bytes as bin, `undefined` as nil.
   * @throws {TypeError} for functions and symbols, {RangeError} for a bigint beyond 64 bits, {WireError} where it is nested too
   * deeply.
   */
  value(value: unknown): void {
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "number":
        return this.#number(value);
      case "boolean":
        return this.#tag(value ? 0xc3 : 0xc2);
      case "undefined":
        return this.#tag(0xc0);
      case "object":
        return value === null ? this.#tag(0xc0) : this.#object(value);
      case "bigint":
        return this.#bigint(value);
      case "function":
      case "symbol":
        throw new TypeError(`a ${typeof value} cannot be encoded`);
    }
  }

  arrayLength(length: number): void {
    if (length < 16) this.#tag(0x90 | length);
    else this.#header(length, undefined, 0xdc, 0xdd);
  }

  #mapLength(length: number): void {
    if (length < 16) this.#tag(0x80 | length);
    else this.#header(length, undefined, 0xde, 0xdf);
  }

  #object(value: object): void {
    if (value instanceof Uint8Array) {
      this.#header(value.length, 0xc4, 0xc5, 0xc6);
      return this.raw(value);
    }
    if (this.#depth >= MAX_DEPTH) throw new WireError("WIRE_TOO_DEEP", `more than ${MAX_DEPTH} levels`);
    this.#depth += 1;
    if (Array.isArray(value)) this.#items(value);
    else this.#entries(value);
    this.#depth -= 1;
  }

  #items(items: readonly unknown[]): void {
    this.arrayLength(items.length);
    for (const item of items) this.value(item);
  }

  #entries(value: object): void {
    const entries = value instanceof Map ? [...value.entries()] : Object.entries(value);
    this.#mapLength(entries.length);
    for (const [key, item] of entries) {
      this.value(key);
      this.value(item);
    }
  }

  #text(text: string): void {
    if (text.length <= MAX_LOOP && this.#shortAscii(text)) return;
    if (text.length > MAX_GUESSED && this.#longAscii(text)) return;
    const size = text.length <= MAX_GUESSED ? text.length * MAX_UTF8 : Buffer.byteLength(text);
    this.#reserve(size + MAX_HEADER);
    if (text.length <= MAX_GUESSED) {
      const body = this.#position + 3;
      const written = this.#bytes.write(text, body, "utf8");
      this.#textHeader(written);
      // The header may have become shorter than the room that was left for it.
      if (this.#position !== body) this.#bytes.copyWithin(this.#position, body, body + written);
      this.#position += written;
      return;
    }
    this.#textHeader(size);
    this.#position += this.#bytes.write(text, this.#position, "utf8");
  }

  /** Returns false, and has written nothing, where there is more than ASCII in it. */
  #shortAscii(text: string): boolean {
    const { length } = text;
    this.#reserve(length + MAX_HEADER);
    const body = this.#position + (length < 32 ? 1 : 2);
    if (!writeAscii(this.#bytes, body, text)) return false;
    this.#textHeader(length);
    this.#position = body + length;
    return true;
  }

  /** The same for a text whose size costs more to find than to try: large bodies mostly are ASCII. */
  #longAscii(text: string): boolean {
    const { length } = text;
    this.#reserve(length + MAX_HEADER);
    const start = this.#position;
    this.#textHeader(length);
    const room = this.#bytes.subarray(this.#position, this.#position + length);
    const isWhole = encoder.encodeInto(text, room).read === length;
    this.#position = isWhole ? this.#position + length : start;
    return isWhole;
  }

  #textHeader(size: number): void {
    if (size < 32) this.#tag(0xa0 | size);
    else this.#header(size, 0xd9, 0xda, 0xdb);
  }

  #number(value: number): void {
    if (Number.isInteger(value) && !Object.is(value, -0)) {
      if (value >= 0 && value <= 0x7f) return this.#tag(value);
      if (value >= 0 && value <= 0xffff_ffff) return this.#header(value, 0xcc, 0xcd, 0xce);
      if (value < 0 && value >= -0x20) return this.#tag(value & 0xff);
      if (value < 0 && value >= -0x8000_0000) return this.#negative(value);
    }
    this.#tag(0xcb);
    this.#position = this.#bytes.writeDoubleBE(value, this.#position);
  }

  #negative(value: number): void {
    const size = value >= -0x80 ? 1 : value >= -0x8000 ? 2 : 4;
    this.#tag(size === 1 ? 0xd0 : size === 2 ? 0xd1 : 0xd2);
    this.#position = this.#bytes.writeIntBE(value, this.#position, size);
  }

  #bigint(value: bigint): void {
    this.#tag(value < 0n ? 0xd3 : 0xcf);
    this.#position =
      value < 0n ? this.#bytes.writeBigInt64BE(value, this.#position) : this.#bytes.writeBigUInt64BE(value, this.#position);
  }

  /** One of three tags, by how many bytes the length or number takes. */
  #header(value: number, tag8: number | undefined, tag16: number, tag32: number): void {
    const isShort = value <= 0xff && tag8 !== undefined;
    this.#tag(isShort ? tag8 : value <= 0xffff ? tag16 : tag32);
    if (isShort) this.#bytes[this.#position++] = value;
    else if (value <= 0xffff) this.#position = this.#bytes.writeUInt16BE(value, this.#position);
    else this.#position = this.#bytes.writeUInt32BE(value, this.#position);
  }

  #tag(tag: number): void {
    this.#reserve(MAX_HEADER);
    this.#bytes[this.#position++] = tag;
  }

  #reserve(size: number): void {
    const needed = this.#position + size;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed + MAX_HEADER, Math.min(this.#bytes.length * 2, needed * 2)));
    this.#bytes.copy(larger, 0, 0, this.#position);
    this.#bytes = larger;
  }
}
