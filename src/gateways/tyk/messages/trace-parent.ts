// Carries a call's `traceparent`, which comes beside its message, into the isolate: as one field more at the message's end.
import { ENTRY_KEY, ENTRY_VALUE, OBJECT } from "./codec/message-types.js";
import { WIRE_TYPES, WireReader } from "./codec/wire-reader.js";
import { WireWriter } from "./codec/wire-writer.js";

/** Far beyond the gateway's own seven, and not in coprocess.proto: only this server writes it. */
const FIELD = 100;
const bytesTag = (id: number): number => (id << 3) | WIRE_TYPES.bytes;
const TAG = bytesTag(FIELD);
const REQUEST = bytesTag(OBJECT.fields.request.id);
/** `MiniRequestObject.headers`. */
const HEADERS = bytesTag(1);
const KEY = bytesTag(ENTRY_KEY);
const VALUE = bytesTag(ENTRY_VALUE);
/** As gateways write them: names of headers are canonical there. */
export type TraceHeader = "Traceparent" | "Tracestate";
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

/**
 * A header of traces that the client of the gateway has sent: what counts where the gateway itself traces nothing.
 * @throws {MessageError} for bytes that are no message.
 */
export function clientTraceHeader(object: Buffer, header: TraceHeader): string | undefined {
  const reader = new WireReader(object);
  const end = object.length;
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === REQUEST) return headerIn(reader, reader.length(end), header);
    reader.skip(tag & 7, end);
  }
  return undefined;
}

function headerIn(reader: WireReader, size: number, header: TraceHeader): string | undefined {
  const end = reader.position + size;
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag !== HEADERS) {
      reader.skip(tag & 7, end);
      continue;
    }
    const value = entryIn(reader, reader.length(end), header);
    if (value !== undefined) return value;
  }
  return undefined;
}

function entryIn(reader: WireReader, size: number, header: TraceHeader): string | undefined {
  const end = reader.position + size;
  let name = "";
  let value: string | undefined;
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === KEY) name = reader.text(reader.length(end));
    else if (tag === VALUE && name === header) value = reader.text(reader.length(end));
    else reader.skip(tag & 7, end);
  }
  return name === header ? value : undefined;
}
