// Owns a message's body: the bytes that came, or what a hook has set instead.
import { isUtf8 } from "node:buffer";
import { type DecodeOptions, TykError } from "../../api/index.js";
import { decodeBody } from "./decode-body.js";
import { showShort, wellFormed } from "./http-rules.js";

const NONE = Buffer.alloc(0);

export class MessageBody {
  readonly #read: () => Buffer;
  #bytes: Buffer | undefined;
  #isChanged = false;

  /** `read` gives the bytes that came: those of the message itself. */
  constructor(read: () => Buffer) {
    this.#read = read;
  }

  /** What goes back, without a copy: a hook may have changed them in place. */
  get bytes(): Buffer {
    return (this.#bytes ??= this.#read());
  }

  /** Whether it was set. */
  get isChanged(): boolean {
    return this.#isChanged;
  }

  set(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#isChanged = true;
  }

  clear(): void {
    this.#bytes = NONE;
  }

  text(encoding: string | undefined, subject: string): string {
    assertIdentity(encoding, subject);
    return textOf(this.bytes, subject);
  }

  json(encoding: string | undefined, subject: string): unknown {
    const text = this.text(encoding, subject);
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new TykError("TYK_BAD_BODY", subject, text === "" ? "it is empty" : "it is no JSON", { cause });
    }
  }

  decoded(encoding: string | undefined, options: DecodeOptions | undefined, subject: string): Promise<Buffer> {
    return decodeBody(this.bytes, encoding, options, subject);
  }
}

function textOf(bytes: Buffer, subject: string): string {
  if (isUtf8(bytes)) return bytes.toString();
  throw new TykError("TYK_BAD_BODY", subject, "it is not UTF-8: take the bytes");
}

function assertIdentity(encoding: string | undefined, subject: string): void {
  if (encoding === undefined || encoding === "" || encoding.toLowerCase() === "identity") return;
  throw new TykError("TYK_BAD_BODY", subject, `it is encoded as ${showShort(encoding)}: await decoded()`);
}

interface BodyBytes {
  readonly bytes: Buffer;
  /** Whether they were made of an object. */
  readonly isJson: boolean;
}

/** @throws {TykError} for what is no body. */
export function bodyBytes(value: unknown, subject: string): BodyBytes {
  if (value === undefined || value === null) return { bytes: NONE, isJson: false };
  if (typeof value === "string") return { bytes: Buffer.from(wellFormed(value, subject)), isJson: false };
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength), isJson: false };
  if (value instanceof URLSearchParams) return { bytes: Buffer.from(value.toString()), isJson: false };
  if (typeof value === "object") return { bytes: Buffer.from(toJson(value, subject)), isJson: true };
  throw new TykError("TYK_BAD_ARGUMENT", subject, `a body is text, bytes or an object, not ${showShort(value)}`);
}

/** Objects that have no JSON of their own: it would be `{}`. */
const WITHOUT_JSON = [ArrayBuffer, Map, Set, WeakMap, Promise, Blob, FormData, ReadableStream, Error];

/** @throws {TykError} for what has no JSON, or only an empty object that says nothing of it. */
export function toJson(value: unknown, subject: string): string {
  const wrong = WITHOUT_JSON.find((type) => value instanceof type);
  if (wrong !== undefined) throw new TykError("TYK_BAD_ARGUMENT", subject, `${wrong.name} has no JSON: convert it first`);
  let text: unknown;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new TykError("TYK_BAD_ARGUMENT", subject, "the value has no JSON", { cause });
  }
  if (typeof text === "string") return text;
  throw new TykError("TYK_BAD_ARGUMENT", subject, `${showShort(value)} has no JSON`);
}
