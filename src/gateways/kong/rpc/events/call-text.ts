// Reads encoded calls and answers of MsgPack:1 for messages.
import { inspect } from "node:util";
import { decodeValue, MsgpackDecoder } from "../../msgpack/index.js";

/** The method's name in an encoded call, or in the beginning of one. */
export function methodOfCall(call: Buffer): string {
  const decoder = new MsgpackDecoder(call);
  const isCall = decoder.mapLength() !== undefined && decoder.name() === "Method";
  const method = isCall ? decoder.name() : undefined;
  return typeof method === "string" ? method : "?";
}

/** What is larger is not worth being decoded for the log. */
const MAX_SHOWN = 8192;

/** An encoded value as text for the log. */
export function encodedText(data: Buffer | undefined): string {
  if (data === undefined) return "no answer";
  if (data.length > MAX_SHOWN) return `an answer of ${data.length} bytes`;
  const value = decodeValue(data);
  return typeof value === "string" ? value : inspect(value);
}
