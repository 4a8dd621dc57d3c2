// Encodes MessagePack values and the replies of MessagePack-RPC.
import { Packr } from "msgpackr";

// Records are msgpackr's own extension: no gateway knows them. `undefined` would be an extension too.
const packr = new Packr({ useRecords: false, encodeUndefinedAsNil: true, moreTypes: false });

/** Encodes one value: strings as str, bytes as bin, `undefined` as nil. The result owns its memory. */
export function encodeValue(value: unknown): Buffer {
  return Buffer.from(packr.pack(value));
}

const SUCCESS = Buffer.from("c0", "hex");
const EVENT_ID = Buffer.concat([Buffer.from("82", "hex"), encodeValue("EventId")]);
const DATA = encodeValue("Data");
const REPLY = Buffer.from("9401", "hex");
const NIL = SUCCESS;
const MAX_UINT32 = 2 ** 32 - 1;
const UINT32_SIZE = 5;

/** The value of `Data` that says: the phase is over. */
export const PHASE_OVER = encodeValue("ret");

/** `messageId` is the request's own encoding of it, so it comes back exactly as it was sent. */
export function encodeReply(messageId: Buffer, result: unknown): Buffer {
  return Buffer.concat([REPLY, messageId, SUCCESS, encodeValue(result)]);
}

/** Errors are always strings: a gateway answers HTTP 500 to any other. */
export function encodeErrorReply(messageId: Buffer, message: string): Buffer {
  return Buffer.concat([REPLY, messageId, encodeValue(message), NIL]);
}

/** The reply to HandleEvent and Step: `data` is an encoded value already. */
export function encodeEventReply(messageId: Buffer, eventId: number, data: Buffer): Buffer {
  // Ids pass 32 bits after days of load, and a peer may send any: it gets back what it sent.
  const wideId = eventId >= 0 && eventId <= MAX_UINT32 ? undefined : encodeValue(BigInt(eventId));
  const size =
    REPLY.length +
    messageId.length +
    SUCCESS.length +
    EVENT_ID.length +
    (wideId?.length ?? UINT32_SIZE) +
    DATA.length +
    data.length;
  const reply = Buffer.allocUnsafe(size);
  let position = REPLY.copy(reply, 0);
  position += messageId.copy(reply, position);
  position += SUCCESS.copy(reply, position);
  position += EVENT_ID.copy(reply, position);
  position = wideId === undefined ? writeUint32(reply, position, eventId) : position + wideId.copy(reply, position);
  position += DATA.copy(reply, position);
  data.copy(reply, position);
  return reply;
}

function writeUint32(target: Buffer, position: number, value: number): number {
  target[position] = 0xce;
  return target.writeUInt32BE(value, position + 1);
}

/** A notification; gateways know `serverPid` only, and only as the first message of a connection. */
export function encodeNotification(method: string, argument: unknown): Buffer {
  return encodeValue([2, method, argument]);
}

const CALL_METHOD = Buffer.concat([Buffer.from("82", "hex"), encodeValue("Method")]);
const CALL_ARGS = encodeValue("Args");
const callPrefixes = new Map<string, Buffer>();
const MAX_CACHED_METHODS = 1024;

function callPrefix(method: string): Buffer {
  const cached = callPrefixes.get(method);
  if (cached !== undefined) return cached;
  const prefix = Buffer.concat([CALL_METHOD, encodeValue(method), CALL_ARGS]);
  // A plugin can make up method names; the cache must not grow with them.
  if (callPrefixes.size < MAX_CACHED_METHODS) callPrefixes.set(method, prefix);
  return prefix;
}

/** A PDK call as the `Data` of an event reply: `{Method, Args}`. */
export function encodeCall(method: string, args: readonly unknown[]): Buffer {
  return Buffer.concat([callPrefix(method), packr.pack(args)]);
}
