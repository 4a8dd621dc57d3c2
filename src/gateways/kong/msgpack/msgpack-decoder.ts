// Decodes MessagePack values without losing a byte: what is not UTF-8 stays a Buffer.
import { isAscii, isUtf8 } from "node:buffer";
import { shortText } from "../../../core/model/index.js";
import { isOwnMemory } from "../../../core/net/index.js";
import { WireError } from "./errors.js";
import { skipValue } from "./message-scanner.js";

/** A decoded value. Maps with other keys than strings become a `Map`. */
export type WireValue =
  null | boolean | number | bigint | string | Buffer | WireValue[] | { [key: string]: WireValue } | Map<WireValue, WireValue>;

/** Deeper nesting is refused: no gateway sends it, and decoding recurses. */
const MAX_DEPTH = 256;

/** Reads values one after another from the bytes of one complete message. */
export class MsgpackDecoder {
  readonly bytes: Buffer;
  position: number;
  #depth = 0;

  constructor(bytes: Buffer, position = 0) {
    this.bytes = bytes;
    this.position = position;
  }

  /** The number of elements of the array that starts here; the elements follow. */
  arrayLength(): number {
    const tag = this.#uint(1);
    if (tag >= 0x90 && tag <= 0x9f) return tag & 0x0f;
    if (tag === 0xdc) return this.#uint(2);
    if (tag === 0xdd) return this.#uint(4);
    throw new WireError("WIRE_UNEXPECTED_TYPE", `an array was expected at offset ${this.position - 1}`);
  }

  /** The number of entries of the map that starts here, or undefined where there is something else. */
  mapLength(): number | undefined {
    const tag = this.bytes[this.position] ?? 0;
    if (tag >= 0x80 && tag <= 0x8f) return ((this.position += 1), tag & 0x0f);
    if (tag === 0xde) return ((this.position += 1), this.#uint(2));
    if (tag === 0xdf) return ((this.position += 1), this.#uint(4));
    return undefined;
  }

  /** As {@link scalar}; a text that is short is one of those that repeat: a key, a method's name. */
  name(): WireValue | undefined {
    return this.#repeatedText() ?? this.scalar();
  }

  #repeatedText(): string | undefined {
    const tag = this.bytes[this.position] ?? 0;
    const isFixed = tag >= 0xa0 && tag <= 0xbf;
    if (!isFixed && tag !== 0xd9) return undefined;
    const start = this.position + (isFixed ? 1 : 2);
    const size = isFixed ? tag & 0x1f : (this.bytes[this.position + 1] ?? 0);
    const text = start + size <= this.bytes.length ? shortText(this.bytes, start, size) : undefined;
    if (text !== undefined) this.position = start + size;
    return text;
  }

  /** The next value where it is a single one; a list or a map is passed over, and undefined. */
  scalar(): WireValue | undefined {
    const tag = this.bytes[this.position] ?? 0;
    const isContainer = (tag >= 0x80 && tag <= 0x9f) || (tag >= 0xdc && tag <= 0xdf);
    if (!isContainer) return this.value();
    this.raw();
    return undefined;
  }

  /** The bytes of the next value, as they are: part of the message. */
  raw(): Buffer {
    const start = this.position;
    this.position = skipValue(this.bytes, start);
    return this.bytes.subarray(start, this.position);
  }

  /** The next value. @throws {WireError} where it is truncated or nested too deeply. */
  value(): WireValue {
    const tag = this.#uint(1);
    if (tag <= 0x7f) return tag;
    if (tag >= 0xe0) return tag - 0x100;
    if (tag <= 0x8f) return this.#map(tag & 0x0f);
    if (tag <= 0x9f) return this.#array(tag & 0x0f);
    if (tag <= 0xbf) return this.#text(tag & 0x1f);
    return this.#tagged(tag);
  }

  #tagged(tag: number): WireValue {
    switch (tag) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.#bytes(this.#uint(1));
      case 0xc5:
        return this.#bytes(this.#uint(2));
      case 0xc6:
        return this.#bytes(this.#uint(4));
      case 0xca:
        return this.bytes.readFloatBE(this.#skip(4));
      case 0xcb:
        return this.bytes.readDoubleBE(this.#skip(8));
      case 0xcc:
        return this.#uint(1);
      case 0xcd:
        return this.#uint(2);
      case 0xce:
        return this.#uint(4);
      case 0xcf:
        return narrow(this.bytes.readBigUInt64BE(this.#skip(8)));
      case 0xd0:
        return this.bytes.readInt8(this.#skip(1));
      case 0xd1:
        return this.bytes.readInt16BE(this.#skip(2));
      case 0xd2:
        return this.bytes.readInt32BE(this.#skip(4));
      case 0xd3:
        return narrow(this.bytes.readBigInt64BE(this.#skip(8)));
      case 0xd9:
        return this.#text(this.#uint(1));
      case 0xda:
        return this.#text(this.#uint(2));
      case 0xdb:
        return this.#text(this.#uint(4));
      case 0xdc:
        return this.#array(this.#uint(2));
      case 0xdd:
        return this.#array(this.#uint(4));
      case 0xde:
        return this.#map(this.#uint(2));
      case 0xdf:
        return this.#map(this.#uint(4));
      default:
        throw new WireError("WIRE_INVALID_BYTE", `0x${tag.toString(16)}: no gateway sends extension types`);
    }
  }

  #uint(size: 1 | 2 | 4): number {
    const { bytes, position } = this;
    const end = position + size;
    if (end > bytes.length) throw new WireError("WIRE_TRUNCATED", `at offset ${position}`);
    this.position = end;
    if (size === 1) return bytes[position] ?? 0;
    if (size === 2) return bytes.readUInt16BE(position);
    return bytes.readUInt32BE(position);
  }

  /** Moves behind the next `size` bytes and returns where they start. */
  #skip(size: number): number {
    const start = this.position;
    this.position = start + size;
    if (this.position > this.bytes.length) throw new WireError("WIRE_TRUNCATED", `at offset ${start}`);
    return start;
  }

  #bytes(size: number): Buffer {
    const start = this.#skip(size);
    const part = this.bytes.subarray(start, start + size);
    return isOwnMemory(part) ? part : Buffer.from(part);
  }

  #text(size: number): string | Buffer {
    const start = this.#skip(size);
    const end = start + size;
    if (size <= MAX_LOOP && isAsciiAt(this.bytes, start, end)) return this.bytes.toString("latin1", start, end);
    const part = this.bytes.subarray(start, end);
    // Lua strings are bytes: a header value may be Latin-1 or anything else.
    return utf8Text(part) ?? Buffer.from(part);
  }

  #nested<T>(read: () => T): T {
    if (this.#depth >= MAX_DEPTH) throw new WireError("WIRE_TOO_DEEP", `more than ${MAX_DEPTH} levels`);
    this.#depth += 1;
    const result = read();
    this.#depth -= 1;
    return result;
  }

  #array(length: number): WireValue[] {
    return this.#nested(() => {
      const items: WireValue[] = [];
      for (let i = 0; i < length; i += 1) items.push(this.value());
      return items;
    });
  }

  #map(length: number): WireValue {
    return this.#nested(() => {
      const entries: [WireValue, WireValue][] = [];
      let plain = true;
      for (let i = 0; i < length; i += 1) {
        const key = this.#repeatedText() ?? this.value();
        // `__proto__` as a property would change the object instead of being stored in it.
        plain &&= typeof key === "string" && key !== "__proto__";
        entries.push([key, this.value()]);
      }
      return plain ? (Object.fromEntries(entries) as { [key: string]: WireValue }) : new Map(entries);
    });
  }
}

/** The text that these bytes are; undefined where they are not UTF-8. */
export function utf8Text(bytes: Buffer): string | undefined {
  // Several times as fast as decoding, up to Node.js 22.
  if (isAscii(bytes)) return bytes.toString("latin1");
  return isUtf8(bytes) ? bytes.toString("utf8") : undefined;
}

/** Up to this size a loop is quicker than a call into the runtime. */
const MAX_LOOP = 64;

function isAsciiAt(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) {
    if ((bytes[i] ?? 0) > 0x7f) return false;
  }
  return true;
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Decodes the one value that `bytes` holds. */
export function decodeValue(bytes: Buffer): WireValue {
  return new MsgpackDecoder(bytes).value();
}
