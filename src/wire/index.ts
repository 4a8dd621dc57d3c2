// The door of wire: bytes to messages and back. It knows no plugin and no thread.
export { writeAscii } from "./ascii.js";
export { Connection, type ConnectionHandler } from "./connection.js";
export type { Protocol } from "./detect-protocol.js";
export { WireError, type WireErrorCode } from "./errors.js";
export { sendEventReply } from "./event-reply.js";
export type { MessageId } from "./message-id.js";
export { FOREIGN_FRAME, FrameReader, OVERSIZED_FRAME } from "./frame-reader.js";
export { MAX_ELEMENTS, tooManyElements } from "./message-scanner.js";
export { MessageReader } from "./message-reader.js";
export { decodeValue, utf8Text, MsgpackDecoder, type WireValue } from "./msgpack-decoder.js";
export { encodeCall, encodeErrorReply, encodeNotification, encodeReply, encodeValue, PHASE_OVER } from "./msgpack-encoder.js";
export { type MessageSource, ProtocolReader } from "./protocol-reader.js";
export { readRequest, type WireRequest } from "./request.js";
export { shortText } from "./short-texts.js";
export { releaseMemory } from "./release-memory.js";
