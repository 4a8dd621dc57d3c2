// The door of messages: what the gateway and this server say to each other, as bytes and as values. It knows no call and no connection.
import { decodeMessage } from "./codec/decode-message.js";
import { encodeMessage } from "./codec/encode-message.js";
import { type CoprocessObject, EVENT, OBJECT, type ObjectInput } from "./codec/message-types.js";

export { encodeAsk, readAsk, type ServerAsk } from "./asks.js";
export {
  ENDPOINTS,
  HOOK_KINDS,
  type HookFunction,
  hookFunction,
  type HookKind,
  KIND_OF_TYPE,
  parseHookFunction,
} from "./hook-function.js";
export { MessageError, type MessageErrorCode } from "./codec/message-error.js";
export {
  type CoprocessObject,
  type FieldTable,
  HOOK_TYPES,
  type HookType,
  type MiniRequestObject,
  type ObjectInput,
  type OverridesInput,
  type ResponseInput,
  type ResponseObject,
  type MessageType,
  type ReturnOverrides,
  type ScalarType,
  SESSION_STATE,
  type SessionInput,
  type SessionState,
} from "./codec/message-types.js";
export { type ObjectView, viewObject } from "./message-view.js";
export { type ObjectHead, readEventPayload, readObjectHead, type Spec } from "./object-head.js";
export { encodeRequestReply, encodeResponseReply, EVENT_REPLY, type RequestReply, type ResponseReply } from "./reply.js";
export { clientTraceHeader, readTraceParent, type TraceHeader, withTraceParent } from "./trace-parent.js";

/**
 * A whole `Object`, decoded at once.
 * @throws {MessageError} for bytes that are none.
 */
export function decodeObject(bytes: Buffer): CoprocessObject {
  return decodeMessage(OBJECT, bytes);
}

/**
 * A whole `Object`, with whatever fields are given: for the gateway's side, and for replies that {@link encodeRequestReply} does not make.
 * @throws {MessageError} naming the field, for a value that the message cannot carry.
 */
export function encodeObject(object: ObjectInput): Buffer {
  return encodeMessage(OBJECT, object);
}

/** An `Event` with this JSON. */
export function encodeEvent(payload: string): Buffer {
  return encodeMessage(EVENT, { payload });
}
