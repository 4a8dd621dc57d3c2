// Counts the elements of a message before it is decoded: building them takes a hundred times as long as reading their bytes.
import { MAX_ELEMENTS, tooManyElements } from "../msgpack/index.js";
import { type MessageName, partsOf } from "./message-type.js";

/** An element takes at least as many bytes: what is smaller need not be counted. */
const ELEMENT_SIZE = 2;
/** The decoder itself goes no deeper. */
const MAX_DEPTH = 100;

const VARINT = 0;
const SIXTY_FOUR_BITS = 1;
const WITH_LENGTH = 2;
const THIRTY_TWO_BITS = 5;

/** @throws {WireError} for a message with more fields, entries and list members at all levels than a message may have. */
export function assertFewElements(name: MessageName, bytes: Buffer): void {
  if (bytes.length > MAX_ELEMENTS * ELEMENT_SIZE) new ElementCount(bytes).add(name, 0, bytes.length, 0);
}

class ElementCount {
  readonly #bytes: Buffer;
  #position = 0;
  #count = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** What cannot be read is left to the decoder, which says so. */
  add(name: MessageName, start: number, end: number, depth: number): void {
    const parts = partsOf(name);
    this.#position = start;
    while (this.#position < end) {
      this.#count += 1;
      if (this.#count > MAX_ELEMENTS) throw tooManyElements();
      const tag = this.#varint();
      const type = tag % 8;
      if (type === VARINT) this.#varint();
      else if (type === SIXTY_FOUR_BITS) this.#position += 8;
      else if (type === THIRTY_TWO_BITS) this.#position += 4;
      else if (type === WITH_LENGTH) {
        const size = this.#varint();
        const next = this.#position + size;
        const part = parts.get(Math.floor(tag / 8));
        if (part !== undefined && depth < MAX_DEPTH) this.add(part, this.#position, Math.min(next, end), depth + 1);
        this.#position = next;
      } else return;
    }
  }

  #varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.#bytes[this.#position++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }
}
