// Encodes MessagePack values and the replies of MessagePack-RPC.
import { type MessageId, messageIdSize, writeMessageId } from "./message-id.js";
import { MsgpackWriter } from "./msgpack-writer.js";

const writer = new MsgpackWriter();

function encode(write: () => void): Buffer {
  try {
    write();
    return writer.take();
  } finally {
    writer.discard();
  }
}

/** Encodes one value: strings as str, bytes as bin, `undefined` as nil. The result owns its memory. */
export function encodeValue(value: unknown): Buffer {
  return encode(() => writer.value(value));
}

const NIL = encodeValue(null);
const REPLY = Buffer.from("9401", "hex");

/** The value of `Data` that says: the phase is over. */
export const PHASE_OVER = encodeValue("ret");

/** `messageId` is the request's own encoding of it, so it comes back exactly as it was sent. */
export function encodeReply(messageId: MessageId, result: unknown): Buffer {
  return Buffer.concat([replyHead(messageId), NIL, encodeValue(result)]);
}

/** Errors are always strings: a gateway answers HTTP 500 to any other. */
export function encodeErrorReply(messageId: MessageId, message: string): Buffer {
  return Buffer.concat([replyHead(messageId), encodeValue(message), NIL]);
}

function replyHead(messageId: MessageId): Buffer {
  const head = Buffer.allocUnsafe(REPLY.length + messageIdSize(messageId));
  REPLY.copy(head);
  writeMessageId(head, REPLY.length, messageId);
  return head;
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
  const prefix = callPrefix(method);
  return encode(() => {
    writer.raw(prefix);
    writer.value(args);
  });
}
