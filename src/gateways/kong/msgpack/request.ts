// Reads the envelope of a MessagePack-RPC message and leaves its arguments encoded.
import { WireError } from "./errors.js";
import { type MessageId, readMessageId } from "./message-id.js";
import { MsgpackDecoder } from "./msgpack-decoder.js";

const REQUEST = 0;
const NOTIFICATION = 2;

/** A request whose argument is still bytes: only the method it is for knows how much of it to decode. */
export interface WireRequest {
  /** Undefined for a notification, which gets no answer. */
  readonly messageId: MessageId | undefined;
  readonly method: string;
  /** Stands on the first argument. */
  readonly argument: MsgpackDecoder;
  readonly argumentCount: number;
}

/** @throws {WireError} for anything but a request or a notification. */
export function readRequest(message: Buffer): WireRequest {
  const decoder = new MsgpackDecoder(message);
  const length = decoder.arrayLength();
  const type = decoder.scalar();
  if (type === REQUEST && length === 4) {
    const messageId = readMessageId(decoder);
    const method = text(decoder, "method");
    return { messageId, method, argumentCount: decoder.arrayLength(), argument: decoder };
  }
  if (type === NOTIFICATION && length === 3) {
    return { messageId: undefined, method: text(decoder, "method"), argumentCount: 1, argument: decoder };
  }
  throw new WireError(
    "WIRE_NOT_A_MESSAGE",
    `an array of ${length} that starts with ${typeof type === "number" ? type : typeof type}`,
  );
}

function text(decoder: MsgpackDecoder, what: string): string {
  const value = decoder.name();
  if (typeof value === "string") return value;
  throw new WireError("WIRE_UNEXPECTED_TYPE", `${what} is not a string`);
}
