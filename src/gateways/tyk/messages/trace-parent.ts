// Carries a call's `traceparent`, which comes beside its message, into the isolate: as one field more at the message's end.
import { WIRE_TYPES, WireReader } from "./wire-reader.js";
import { WireWriter } from "./wire-writer.js";

/** Far beyond the gateway's own seven, and not in coprocess.proto: only this server writes it. */
const FIELD = 100;
const TAG = (FIELD << 3) | WIRE_TYPES.bytes;
/** `00-`, 32 digits, `-`, 16 digits, `-`, 2 digits; later versions may be longer. */
const MAX_LENGTH = 256;

/** The message with the field. A text that cannot be a `traceparent` is left out: it comes from clients. */
export function withTraceParent(object: Buffer, traceParent: string): Buffer {
  if (traceParent.length > MAX_LENGTH || !/^[\x21-\x7e]+$/.test(traceParent)) return object;
  const writer = new WireWriter();
  const before = writer.size;
  writer.text(traceParent, "traceparent");
  writer.close(FIELD, before);
  return Buffer.concat([object, writer.finish()]);
}

/**
 * What {@link withTraceParent} has put there.
 * @throws {MessageError} for bytes that are no message.
 */
export function readTraceParent(object: Buffer): string | undefined {
  const reader = new WireReader(object);
  const end = object.length;
  let traceParent: string | undefined;
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === TAG) traceParent = reader.text(reader.length(end));
    else reader.skip(tag & 7, end);
  }
  return traceParent;
}
