// Owns the errors of messages: bytes that are none, and values that no message can carry.
import { PluginServerError } from "../../../../core/model/index.js";

const CODES = {
  COPROCESS_MALFORMED: "not a message of the gateway's protocol",
  COPROCESS_NOT_UTF8: "text is not UTF-8",
  COPROCESS_TOO_MANY_FIELDS: "message has more fields than the limit",
  COPROCESS_BAD_VALUE: "a value that the message cannot carry",
} as const;

export type MessageErrorCode = keyof typeof CODES;

/** `detail` says which message and field, and where in the bytes. It ends the one call whose message it is. */
export class MessageError extends PluginServerError<MessageErrorCode> {
  override readonly name = "MessageError";

  constructor(code: MessageErrorCode, detail: string) {
    super(code, `${CODES[code]}: ${detail}`);
  }
}
