// Writes and reads what is short texts and nothing else without the library: most of what plugins call for each request.
// The library's object, its writer and its copies cost two to four times as much (docs/performance.md).
import { shortText, writeAscii } from "../../../core/model/index.js";
import { appendHeader, FRAME_HEADER } from "./frame.js";
import type { ArgumentType } from "./pdk-service.js";
import { MESSAGES } from "./plugin-socket.js";

/** Up to this length a text's length, and that of the message around it, is one byte. */
const MAX_TEXT = 125;
/** A field's tag, and its length. */
const FIELD_HEADER = 2;

const tag = ({ id }: { readonly id: number }): number => (id << 3) | 2;
const TEXT = tag(MESSAGES.String.fields.v);
const KEY = tag(MESSAGES.KV.fields.k);
const VALUE = tag(MESSAGES.KV.fields.v);
const TEXT_VALUE = tag(MESSAGES.Value.fields.string_value);

/** Both frames of a call; `undefined` where its arguments are anything else than short texts of ASCII. */
export function encodeTextCall(name: Buffer, takes: ArgumentType, args: readonly unknown[]): Buffer | undefined {
  const [first, second] = args;
  if (takes === "String" || takes === "ByteString")
    return args.length === 1 && isShort(first) ? textCall(name, first) : undefined;
  if (takes !== "KV" || args.length !== 2 || !isShort(first) || !isShort(second)) return undefined;
  return pairCall(name, first, second);
}

/** What a message with one short text of ASCII says; `undefined` for any other message. */
export function readTextMessage(message: Buffer): string | undefined {
  const size = message.length - FIELD_HEADER;
  return message[0] === TEXT && message[1] === size ? shortText(message, FIELD_HEADER, size) : undefined;
}

/** Empty ones are left out of some messages and not of others. */
const isShort = (value: unknown): value is string => typeof value === "string" && value.length > 0 && value.length <= MAX_TEXT;

function textCall(name: Buffer, text: string): Buffer | undefined {
  const frames = appendHeader(name, FIELD_HEADER + text.length);
  return putText(frames, name.length + FRAME_HEADER, TEXT, text) ? frames : undefined;
}

function pairCall(name: Buffer, key: string, value: string): Buffer | undefined {
  const valueSize = FIELD_HEADER + value.length;
  const frames = appendHeader(name, FIELD_HEADER + key.length + FIELD_HEADER + valueSize);
  const start = name.length + FRAME_HEADER;
  const valueStart = start + FIELD_HEADER + key.length;
  frames[valueStart] = VALUE;
  frames[valueStart + 1] = valueSize;
  const isAscii = putText(frames, start, KEY, key) && putText(frames, valueStart + FIELD_HEADER, TEXT_VALUE, value);
  return isAscii ? frames : undefined;
}

function putText(bytes: Buffer, start: number, fieldTag: number, text: string): boolean {
  bytes[start] = fieldTag;
  bytes[start + 1] = text.length;
  return writeAscii(bytes, start + FIELD_HEADER, text);
}
