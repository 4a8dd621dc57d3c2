// Owns the errors of the byte layer: each means the peer broke the protocol, and ends its connection.
import { PluginServerError } from "../../../core/model/index.js";

const MESSAGES = {
  WIRE_NOT_A_MESSAGE: "not a MessagePack-RPC message",
  WIRE_INVALID_BYTE: "a byte that MessagePack does not use",
  WIRE_TOO_LARGE: "message is larger than the limit",
  WIRE_TOO_MANY_ELEMENTS: "message has more elements than the limit",
  WIRE_TOO_DEEP: "value is nested too deeply",
  WIRE_TRUNCATED: "value ends before its declared length",
  WIRE_FOREIGN: "its client speaks neither MsgPack:1 nor ProtoBuf:1",
  WIRE_NOT_PROTOBUF: "not a message of ProtoBuf:1",
  WIRE_UNEXPECTED_TYPE: "value has another type than the protocol says",
} as const;

export type WireErrorCode = keyof typeof MESSAGES;

/** Thrown for bytes that are no valid message. `detail` says which byte or limit. */
export class WireError extends PluginServerError<WireErrorCode> {
  override readonly name = "WireError";

  constructor(code: WireErrorCode, detail: string) {
    super(code, `${MESSAGES[code]}: ${detail}`);
  }
}
