// Answers HandleEvent and Step, the calls that every request makes many of.
import { isOwnMemory } from "../../../core/net/index.js";
import type { Connection } from "./connection.js";
import { type MessageId, messageIdSize, writeMessageId, encodeValue } from "../msgpack/index.js";

const TWO_ENTRIES = Buffer.from("82", "hex");
const NO_ERROR = encodeValue(null);
const REPLY = Buffer.from("9401", "hex");
const BEFORE_ID = Buffer.concat([NO_ERROR, TWO_ENTRIES, encodeValue("EventId")]);
const BEFORE_DATA = encodeValue("Data");
const UINT32 = 0xce;
const MAX_UINT32 = 2 ** 32 - 1;
const UINT32_SIZE = 5;
/** `data` is an encoded value already, in memory of its own where it is large: that is freed once it is written. */
export function sendEventReply(connection: Pick<Connection, "send">, messageId: MessageId, eventId: number, data: Buffer): void {
  if (isOwnMemory(data)) connection.send(eventReply(messageId, eventId), data);
  else connection.send(eventReply(messageId, eventId, data));
}

/** The whole reply, or what stands before its data. */
function eventReply(messageId: MessageId, eventId: number, data?: Buffer): Buffer {
  // Ids pass 32 bits after days of load, and a peer may send any: it gets back what it sent.
  const wideId = eventId >= 0 && eventId <= MAX_UINT32 ? undefined : encodeValue(BigInt(eventId));
  const fixed = REPLY.length + BEFORE_ID.length + BEFORE_DATA.length;
  const reply = Buffer.allocUnsafe(
    fixed + messageIdSize(messageId) + (wideId?.length ?? UINT32_SIZE) + (data === undefined ? 0 : data.length),
  );
  let position = put(reply, 0, REPLY);
  position = writeMessageId(reply, position, messageId);
  position = put(reply, position, BEFORE_ID);
  if (wideId === undefined) {
    reply[position] = UINT32;
    position = reply.writeUInt32BE(eventId, position + 1);
  } else position = put(reply, position, wideId);
  position = put(reply, position, BEFORE_DATA);
  if (data !== undefined) put(reply, position, data);
  return reply;
}

/** Up to this size a loop is quicker than a call into the runtime. */
const MAX_LOOP = 64;

function put(target: Buffer, position: number, bytes: Buffer): number {
  const { length } = bytes;
  if (length > MAX_LOOP) target.set(bytes, position);
  else for (let i = 0; i < length; i += 1) target[position + i] = bytes[i] ?? 0;
  return position + length;
}
