// The door of wire: bytes to messages and back. It knows no plugin and no thread.
export { WireError } from "./errors.js";
export { foreignBytes } from "./foreign-bytes.js";
export { type MessageId, messageIdSize, writeMessageId } from "./message-id.js";
export { MessageReader } from "./message-reader.js";
export { MAX_ELEMENTS, tooManyElements } from "./message-scanner.js";
export { decodeValue, utf8Text, MsgpackDecoder, type WireValue } from "./msgpack-decoder.js";
export { encodeCall, encodeErrorReply, encodeNotification, encodeReply, encodeValue, PHASE_OVER } from "./msgpack-encoder.js";
export { phaseFunction, phaseOfFunction, type Protocol, protocolOfFunction } from "./protocol.js";
export { readRequest, type WireRequest } from "./request.js";
