// Reads replies: the usual one without building a value, any other one by decoding it.
import msgpack5 from "msgpack5";
import type { ExpectedData } from "./expected-data.js";
import { endOfValue, standsAt } from "./scan.js";

const codec = msgpack5();
const EVENT_ID = codec.encode("EventId").slice();
const DATA = codec.encode("Data").slice();
const REPLY = Buffer.from([0x94, 0x01]);
const NO_ERROR_AND_MAP = Buffer.from([0xc0, 0x82]);
const MAX_UINT32 = 2 ** 32 - 1;

/** A reply that is not, or not recognisably, the expected one. */
export const UNKNOWN = -1;

class Cursor {
  bytes: Buffer = Buffer.alloc(0);
  position = 0;

  /** An unsigned integer, or -1. */
  uint(): number {
    const tag = this.bytes[this.position] ?? 0xc1;
    const at = this.position + 1;
    if (tag <= 0x7f) return this.#read(tag, 1);
    if (tag === 0xcc) return this.#read(this.bytes[at] ?? 0, 2);
    if (tag === 0xcd) return this.#read(this.bytes.readUInt16BE(at), 3);
    if (tag === 0xce) return this.#read(this.bytes.readUInt32BE(at), 5);
    return UNKNOWN;
  }

  skips(wanted: Uint8Array): boolean {
    if (!standsAt(this.bytes, this.position, wanted)) return false;
    this.position += wanted.length;
    return true;
  }

  #read(value: number, size: number): number {
    this.position += size;
    return value;
  }
}

const cursor = new Cursor();

/** The event id of the reply that fills `bytes` up to `end`, or UNKNOWN. The two keys may come in either order. */
export function matchReply(bytes: Buffer, end: number, messageId: number, expected: ExpectedData): number {
  cursor.bytes = bytes;
  cursor.position = 0;
  if (!cursor.skips(REPLY) || cursor.uint() !== messageId || !cursor.skips(NO_ERROR_AND_MAP)) return UNKNOWN;
  let eventId = UNKNOWN;
  for (let entry = 0; entry < 2; entry += 1) {
    if (cursor.skips(EVENT_ID)) eventId = cursor.uint();
    else if (cursor.skips(DATA)) {
      const length = expected.lengthAt(bytes, cursor.position, end);
      if (length === -1) return UNKNOWN;
      cursor.position += length;
    } else return UNKNOWN;
  }
  return cursor.position === end ? eventId : UNKNOWN;
}

/** Decodes a complete reply and teaches `expected` its encoding. @throws where the reply is wrong. */
export function learnReply(bytes: Buffer, messageId: number, expected: ExpectedData): void {
  const [type, id, error, result] = codec.decode(bytes) as unknown[];
  if (type !== 1 || id !== messageId) throw new Error(`a reply of type ${String(type)} to ${String(id)}, not 1 to ${messageId}`);
  if (error !== null) throw new Error(`the server answered an error: ${JSON.stringify(error)}`);
  const { EventId: eventId } = result as { readonly EventId?: unknown };
  if (typeof eventId !== "number" || eventId > MAX_UINT32) throw new Error(`the event id is ${String(eventId)}`);
  expected.learn(dataOf(bytes));
}

/** The encoded value of the key `Data` in a reply without an error. */
function dataOf(bytes: Buffer): Buffer {
  const end = bytes.length;
  let position = endOfValue(bytes, REPLY.length, end) + NO_ERROR_AND_MAP.length;
  while (position < end) {
    const value = endOfValue(bytes, position, end);
    const next = endOfValue(bytes, value, end);
    if (standsAt(bytes, position, DATA)) return bytes.subarray(value, next);
    position = next;
  }
  throw new Error("the reply has no Data");
}

/** The result of a reply that is no event's. @throws where it is an error. */
export function resultOf(bytes: Buffer): unknown {
  const [, , error, result] = codec.decode(bytes) as unknown[];
  if (error !== null) throw new Error(`the server answered an error: ${JSON.stringify(error)}`);
  return result;
}
