// Packs the messages about calls of one tick into one transferable message: waking a thread costs more than copying.
import { isOwnMemory } from "../../net/index.js";

/**
 * What crosses the channel: the messages, and beside them the memory of bodies, which changes hands without being
 * copied. Only the other side of our own channel writes these, in the same version.
 */
export type Batch = Uint8Array<ArrayBuffer> | LargeBatch;

interface LargeBatch {
  readonly kind: "batch";
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly large: readonly Uint8Array<ArrayBuffer>[];
}

export const isBatch = (message: unknown): message is Batch => message instanceof Uint8Array || isLargeBatch(message);

/** Anything may have come. */
const isLargeBatch = (message: unknown): message is LargeBatch =>
  typeof message === "object" &&
  message !== null &&
  "kind" in message &&
  message.kind === "batch" &&
  "bytes" in message &&
  message.bytes instanceof Uint8Array &&
  "large" in message &&
  Array.isArray(message.large) &&
  message.large.every((part) => part instanceof Uint8Array);

const FIRST_SIZE = 16 * 1024;
/** A burst may need more room, but need not hold it for ever. */
const KEPT_SIZE = 256 * 1024;
const IN_BATCH = 0;
const BESIDE_BATCH = 1;
const ABSENT = 2;
const MAX_FIELD = 8;

export class BatchWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_SIZE);
  #position = 0;
  #large: Uint8Array<ArrayBuffer>[] = [];

  get isEmpty(): boolean {
    return this.#position === 0;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#position++] = value;
  }

  /** Any number: ids pass 32 bits after days of load. */
  number(value: number): void {
    this.#reserve(MAX_FIELD);
    this.#position = this.#bytes.writeDoubleLE(value, this.#position);
  }

  text(value: string): void {
    this.data(Buffer.from(value));
  }

  /** Takes a copy at once, or the memory itself where it is large: it is not to be used any more then. */
  data(value: Buffer | undefined): void {
    if (value === undefined) return this.byte(ABSENT);
    if (isOwnMemory(value)) {
      this.byte(BESIDE_BATCH);
      this.#large.push(value as Uint8Array<ArrayBuffer>);
      return;
    }
    this.#reserve(1 + MAX_FIELD + value.length);
    this.#bytes[this.#position++] = IN_BATCH;
    this.#position = this.#bytes.writeUInt32LE(value.length, this.#position);
    this.#bytes.set(value, this.#position);
    this.#position += value.length;
  }

  /** What was written since the last time, and the memory that changes hands with it. */
  take(): { readonly batch: Batch; readonly transfer: ArrayBuffer[] } {
    const bytes = new Uint8Array(this.#bytes.subarray(0, this.#position));
    const large = this.#large;
    this.clear();
    if (large.length === 0) return { batch: bytes, transfer: [bytes.buffer] };
    // Two messages may share one memory, as the parts of one request do.
    const memories = new Set([bytes.buffer, ...large.map(({ buffer }) => buffer)]);
    return { batch: { kind: "batch", bytes, large: large.map(asUint8Array) }, transfer: [...memories] };
  }

  clear(): void {
    this.#position = 0;
    if (this.#bytes.length > KEPT_SIZE) this.#bytes = Buffer.allocUnsafeSlow(FIRST_SIZE);
    this.#large = [];
  }

  #reserve(size: number): void {
    const needed = this.#position + size;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(needed * 2);
    this.#bytes.copy(larger, 0, 0, this.#position);
    this.#bytes = larger;
  }
}

/** A Buffer would arrive as one of these anyway, and over a pipe it is written as one. */
const asUint8Array = ({ buffer, byteOffset, length }: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> =>
  new Uint8Array(buffer, byteOffset, length);

const asBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

export class BatchReader {
  readonly #bytes: Buffer;
  readonly #large: readonly Uint8Array<ArrayBuffer>[];
  #position = 0;
  #nextLarge = 0;

  constructor(batch: Batch) {
    this.#bytes = asBuffer(batch instanceof Uint8Array ? batch : batch.bytes);
    this.#large = batch instanceof Uint8Array ? [] : batch.large;
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#bytes.length;
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#position++);
  }

  number(): number {
    const value = this.#bytes.readDoubleLE(this.#position);
    this.#position += MAX_FIELD;
    return value;
  }

  text(): string {
    return this.data()?.toString() ?? "";
  }

  data(): Buffer | undefined {
    const place = this.byte();
    if (place === ABSENT) return undefined;
    if (place === BESIDE_BATCH) {
      const large = this.#large[this.#nextLarge++];
      return large === undefined ? undefined : asBuffer(large);
    }
    const start = this.#position + 4;
    const end = start + this.#bytes.readUInt32LE(this.#position);
    this.#position = end;
    return this.#bytes.subarray(start, end);
  }
}
