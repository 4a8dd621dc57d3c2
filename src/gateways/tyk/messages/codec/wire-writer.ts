// Writes a ProtoBuf message from its end to its beginning: a part's length is known when it is written, and nothing is measured twice.
import { cutText, writeAscii } from "../../../../core/model/index.js";
import { MessageError } from "./message-error.js";
import { WIRE_TYPES } from "./wire-reader.js";

const FIRST_SIZE = 512;
/** Up to this length a loop is quicker than a call into the runtime. */
const MAX_LOOP = 40;
/** Characters of a value in an error. */
const MAX_SHOWN = 60;
/** A varint of 64 bits. */
const MAX_NUMBER = 10;
const TWO_32 = 2 ** 32;
const TWO_63 = 2 ** 63;

export class WireWriter {
  #bytes: Buffer;
  /** Of the first byte that is written: the message grows towards 0. */
  #start: number;

  /** `size`: as many bytes as the message will have, where that is known to be much. */
  constructor(size = 0) {
    this.#bytes = Buffer.allocUnsafe(size + FIRST_SIZE);
    this.#start = this.#bytes.length;
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#bytes.length - this.#start;
  }

  finish(): Buffer {
    return this.#bytes.subarray(this.#start);
  }

  tag(id: number, wireType: number): void {
    this.number((id << 3) | wireType);
  }

  /** Length and tag of what has been written since the size was `before`. */
  close(id: number, before: number): void {
    this.number(this.size - before);
    this.tag(id, WIRE_TYPES.bytes);
  }

  /** A whole number from 0 to 2^32 - 1. */
  number(value: number): void {
    const bytes = this.#room(MAX_NUMBER);
    if (value < 0x80) {
      this.#start -= 1;
      bytes[this.#start] = value;
      return;
    }
    const size = value < 2 ** 14 ? 2 : value < 2 ** 21 ? 3 : value < 2 ** 28 ? 4 : 5;
    this.#start -= size;
    let rest = value;
    for (let i = 0; i < size - 1; i += 1) {
      bytes[this.#start + i] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[this.#start + size - 1] = rest;
  }

  /**
   * A whole number. 2^63, which is what a number makes of the largest that there is, is written as that one.
   * @throws {MessageError} for one that does not fit.
   */
  int64(value: number, field: string): void {
    if (!Number.isInteger(value) || value < -TWO_63 || value > TWO_63) throw badValue(field, "a whole number of 64 bits", value);
    if (value >= 0 && value < TWO_32) {
      this.number(value);
      return;
    }
    let rest = BigInt.asUintN(64, value === TWO_63 ? BigInt(TWO_63) - 1n : BigInt(value));
    const parts: number[] = [];
    do {
      parts.push(Number(rest & 0x7fn));
      rest >>= 7n;
    } while (rest > 0n);
    const bytes = this.#room(MAX_NUMBER);
    this.#start -= parts.length;
    parts.forEach((part, i) => (bytes[this.#start + i] = i < parts.length - 1 ? part | 0x80 : part));
  }

  double(value: number): void {
    const bytes = this.#room(8);
    this.#start -= 8;
    bytes.writeDoubleLE(value, this.#start);
  }

  /** @throws {MessageError} for half a surrogate pair: the gateway would refuse the whole message. */
  text(value: string, field: string): void {
    const { length } = value;
    if (length <= MAX_LOOP) {
      const bytes = this.#room(length);
      if (writeAscii(bytes, this.#start - length, value)) {
        this.#start -= length;
        return;
      }
    }
    if (!isWellFormed(value)) throw badValue(field, "text without halves of surrogate pairs", value);
    const size = Buffer.byteLength(value, "utf8");
    const bytes = this.#room(size);
    this.#start -= size;
    bytes.write(value, this.#start, size, "utf8");
  }

  bytes(value: Uint8Array): void {
    const bytes = this.#room(value.length);
    this.#start -= value.length;
    bytes.set(value, this.#start);
  }

  /** The memory, with room for as many bytes more. */
  #room(size: number): Buffer {
    if (this.#start >= size) return this.#bytes;
    const written = this.finish();
    const bytes = Buffer.allocUnsafe(2 * (written.length + size) + FIRST_SIZE);
    this.#start = bytes.length - written.length;
    bytes.set(written, this.#start);
    this.#bytes = bytes;
    return bytes;
  }
}

const HALF = /[\ud800-\udfff]/u;

const isWellFormed = (text: string): boolean => !HALF.test(text);

export function badValue(field: string, wanted: string, value: unknown): MessageError {
  return new MessageError("COPROCESS_BAD_VALUE", `${field} must be ${wanted}, not ${describe(value)}`);
}

/** Short, and without a look into objects: values come from plugins. */
function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(cutText(value, MAX_SHOWN));
  return typeof value === "number" || typeof value === "boolean" || value === null ? String(value) : `of type ${typeof value}`;
}
