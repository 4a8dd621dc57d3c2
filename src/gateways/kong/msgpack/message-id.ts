// Keeps the id of a request as its sender wrote it: the answer carries the same bytes.
import { WireError } from "./errors.js";
import type { MsgpackDecoder } from "./msgpack-decoder.js";

/**
 * An id of up to 32 bits is one number, its value and above that its tag, so that keeping it costs nothing; any other
 * is its bytes.
 */
export type MessageId = number | Buffer;

const TAG_FACTOR = 2 ** 32;
const MAX_FIXINT = 0x7f;
const UINT8 = 0xcc;
const UINT16 = 0xcd;
const UINT32 = 0xce;
const UINT64 = 0xcf;

/** @throws {WireError} where the next value is no unsigned integer. */
export function readMessageId(decoder: MsgpackDecoder): MessageId {
  const tag = decoder.bytes[decoder.position] ?? 0;
  if (tag <= MAX_FIXINT) return Number(decoder.value());
  if (tag >= UINT8 && tag <= UINT32) return tag * TAG_FACTOR + Number(decoder.value());
  if (tag === UINT64) return Buffer.from(decoder.raw());
  throw new WireError("WIRE_UNEXPECTED_TYPE", "the message id is not an unsigned integer");
}

export function messageIdSize(id: MessageId): number {
  if (typeof id !== "number") return id.length;
  const tag = tagOf(id);
  if (tag === UINT32) return 5;
  if (tag === UINT16) return 3;
  return tag === UINT8 ? 2 : 1;
}

/** Returns the position behind it. */
export function writeMessageId(target: Buffer, position: number, id: MessageId): number {
  if (typeof id !== "number") return position + id.copy(target, position);
  const tag = tagOf(id);
  if (tag === 0) return target.writeUInt8(id, position);
  target[position] = tag;
  const value = id % TAG_FACTOR;
  if (tag === UINT32) return target.writeUInt32BE(value, position + 1);
  return tag === UINT16 ? target.writeUInt16BE(value, position + 1) : target.writeUInt8(value, position + 1);
}

const tagOf = (id: number): number => Math.floor(id / TAG_FACTOR);
