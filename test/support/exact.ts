// Owns a small strict MessagePack decoder and encoder in the notation of the recordings, in which no byte is lost.

/**
 * A decoded value: JSON, with `{"$bytes": base64}` for bin, the same with `"$str": true` for str that is not
 * UTF-8, `{"$map": [[key, value], …]}` for maps whose keys are not all strings and `{"$int": "…"}` beyond 2^53.
 */
export type Exact = null | boolean | number | string | Exact[] | { [key: string]: Exact };

export interface Decoded {
  readonly value: Exact;
  /** The offset of the first byte after the value. */
  readonly end: number;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

class Incomplete extends Error {}

/** Decodes one value; undefined means that bytes are missing at the end; throws for what is no MessagePack. */
export function decodeExact(bytes: Uint8Array, offset = 0): Decoded | undefined {
  const reader = new Reader(bytes, offset);
  try {
    return { value: reader.value([]), end: reader.at };
  } catch (error) {
    if (error instanceof Incomplete) return undefined;
    throw error;
  }
}

/** The byte range of the value that `path` leads to, for patching a recorded message. */
export function spanOf(bytes: Uint8Array, path: readonly (string | number)[]): [start: number, end: number] {
  const reader = new Reader(bytes, 0, path);
  reader.value([]);
  if (reader.span === undefined) throw new Error(`nothing at ${path.join(".")}`);
  return reader.span;
}

class Reader {
  at: number;
  span: [number, number] | undefined;
  readonly #bytes: Buffer;
  readonly #wanted: string | undefined;

  constructor(bytes: Uint8Array, offset: number, path?: readonly (string | number)[]) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = offset;
    this.#wanted = path === undefined ? undefined : JSON.stringify(path);
  }

  value(path: (string | number)[]): Exact {
    const start = this.at;
    const value = this.#tagged(this.#uint(1), path);
    if (this.#wanted !== undefined && JSON.stringify(path) === this.#wanted) this.span = [start, this.at];
    return value;
  }

  #tagged(tag: number, path: (string | number)[]): Exact {
    if (tag <= 0x7f) return tag;
    if (tag >= 0xe0) return tag - 0x100;
    if (tag <= 0x8f) return this.#map(tag & 0x0f, path);
    if (tag <= 0x9f) return this.#array(tag & 0x0f, path);
    if (tag <= 0xbf) return this.#text(tag & 0x1f);
    if (tag === 0xc0) return null;
    if (tag === 0xc2 || tag === 0xc3) return tag === 0xc3;
    if (tag >= 0xc4 && tag <= 0xc6) return bytesNotation(this.#take(this.#uint(1 << (tag - 0xc4))));
    if (tag === 0xca) return this.#take(4).readFloatBE(0);
    if (tag === 0xcb) return this.#take(8).readDoubleBE(0);
    if (tag >= 0xcc && tag <= 0xce) return this.#uint(1 << (tag - 0xcc));
    if (tag === 0xcf) return integer(this.#take(8).readBigUInt64BE(0));
    if (tag >= 0xd0 && tag <= 0xd2) {
      const size = 1 << (tag - 0xd0);
      return this.#take(size).readIntBE(0, size);
    }
    if (tag === 0xd3) return integer(this.#take(8).readBigInt64BE(0));
    if (tag >= 0xd9 && tag <= 0xdb) return this.#text(this.#uint(1 << (tag - 0xd9)));
    if (tag === 0xdc || tag === 0xdd) return this.#array(this.#uint(tag === 0xdc ? 2 : 4), path);
    if (tag === 0xde || tag === 0xdf) return this.#map(this.#uint(tag === 0xde ? 2 : 4), path);
    throw new Error(`no MessagePack at offset ${this.at - 1}: 0x${tag.toString(16)}`);
  }

  #take(size: number): Buffer {
    if (this.at + size > this.#bytes.length) throw new Incomplete();
    this.at += size;
    return this.#bytes.subarray(this.at - size, this.at);
  }

  #uint(size: number): number {
    return this.#take(size).readUIntBE(0, size);
  }

  #text(size: number): Exact {
    const bytes = this.#take(size);
    try {
      return utf8.decode(bytes);
    } catch {
      return { ...bytesNotation(bytes), $str: true };
    }
  }

  #array(size: number, path: (string | number)[]): Exact {
    const items: Exact[] = [];
    for (let i = 0; i < size; i++) items.push(this.value([...path, i]));
    return items;
  }

  #map(size: number, path: (string | number)[]): Exact {
    const entries: [Exact, Exact][] = [];
    for (let i = 0; i < size; i++) {
      const key = this.value([...path, "key", i]);
      entries.push([key, this.value([...path, typeof key === "string" ? key : i])]);
    }
    const named = entries.filter((entry): entry is [string, Exact] => typeof entry[0] === "string");
    return named.length === entries.length ? Object.fromEntries(named) : { $map: entries };
  }
}

function bytesNotation(bytes: Buffer): { $bytes: string } {
  return { $bytes: bytes.toString("base64") };
}

function integer(value: bigint): Exact {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : { $int: String(value) };
}

/** Encodes a value of the notation, str and bin as it says. */
export function encodeExact(value: Exact): Buffer {
  if (value === null) return Buffer.from([0xc0]);
  if (typeof value === "boolean") return Buffer.from([value ? 0xc3 : 0xc2]);
  if (typeof value === "number") return encodeNumber(value);
  if (typeof value === "string") return encodeText(Buffer.from(value));
  if (Array.isArray(value)) return Buffer.concat([head(0xdd, value.length), ...value.map(encodeExact)]);
  const bytes = bytesOf(value);
  if (bytes !== undefined) return value["$bytes"] !== undefined && value["$str"] !== true ? encodeBin(bytes) : encodeText(bytes);
  if (typeof value["$f64"] === "number") return encodeDouble(value["$f64"]);
  if (typeof value["$int"] === "string") return encodeBigInt(BigInt(value["$int"]));
  const entries = mapEntries(value) ?? Object.entries(value);
  return Buffer.concat([head(0xdf, entries.length), ...entries.flatMap(([key, item]) => [encodeExact(key), encodeExact(item)])]);
}

/** The bytes that one of the notation's `$` forms stands for; undefined for everything else. */
export function bytesOf(value: Exact): Buffer | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
  if (typeof value["$bytes"] === "string") return Buffer.from(value["$bytes"], "base64");
  const repeat = value["$bytes_repeat"] ?? value["$repeat"];
  if (!Array.isArray(repeat) || typeof repeat[1] !== "number") return undefined;
  const [unit, times] = repeat;
  if (typeof unit === "number") return Buffer.alloc(times, unit);
  return typeof unit === "string" ? Buffer.from(unit.repeat(times)) : undefined;
}

/** The entries of a `$map`; undefined for everything else. */
export function mapEntries(value: Exact): [Exact, Exact][] | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
  const list = value["$map"];
  if (!Array.isArray(list)) return undefined;
  return list.map((entry) => {
    if (!Array.isArray(entry) || entry[0] === undefined || entry[1] === undefined) throw new Error("a $map has pairs");
    return [entry[0], entry[1]];
  });
}

/**
 * One form for values that are equal toward the gateway: text and bytes that are UTF-8 become text, floats
 * become numbers, long runs are written out.
 */
export function normalise(value: Exact): Exact {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(normalise);
  const bytes = bytesOf(value);
  if (bytes !== undefined) {
    try {
      return utf8.decode(bytes);
    } catch {
      return bytesNotation(bytes);
    }
  }
  if (typeof value["$f64"] === "number") return value["$f64"];
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, normalise(item)]));
}

function encodeNumber(value: number): Buffer {
  if (!Number.isInteger(value)) return encodeDouble(value);
  if (value >= 0 && value <= 0x7f) return Buffer.from([value]);
  if (value >= 0 && value <= 0xffffffff) return head(0xce, value);
  return encodeBigInt(BigInt(value));
}

function encodeDouble(value: number): Buffer {
  const bytes = Buffer.alloc(9, 0xcb);
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function encodeBigInt(value: bigint): Buffer {
  const bytes = Buffer.alloc(9, value < 0n ? 0xd3 : 0xcf);
  if (value < 0n) bytes.writeBigInt64BE(value, 1);
  else bytes.writeBigUInt64BE(value, 1);
  return bytes;
}

function encodeText(bytes: Buffer): Buffer {
  return Buffer.concat([bytes.length < 32 ? Buffer.from([0xa0 | bytes.length]) : head(0xdb, bytes.length), bytes]);
}

function encodeBin(bytes: Buffer): Buffer {
  return Buffer.concat([head(0xc6, bytes.length), bytes]);
}

function head(tag: number, size: number): Buffer {
  const bytes = Buffer.alloc(5, tag);
  bytes.writeUInt32BE(size, 1);
  return bytes;
}
