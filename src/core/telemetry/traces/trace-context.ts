// Reads and writes the `traceparent`, and checks the `tracestate`, of W3C Trace Context (https://www.w3.org/TR/trace-context/), and makes ids of traces and spans.

/** A place in a trace. Ids are in hexadecimal digits. */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  /** Whether the trace is recorded. */
  readonly isSampled: boolean;
}

/** Of a later version: it may be longer, and begins as this one. */
const MAX_LENGTH = 256;
const TRACE_PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_ID = /^0+$/;
const SAMPLED = 1;

/** Undefined for anything that is no valid `traceparent`: it comes from clients, and is to be ignored then. */
export function parseTraceParent(text: unknown): TraceContext | undefined {
  if (typeof text !== "string" || text.length > MAX_LENGTH) return undefined;
  const [, version = "", traceId = "", spanId = "", flags = "", more] = TRACE_PARENT.exec(text) ?? [];
  if (version === "" || version === "ff" || (version === "00" && more !== undefined)) return undefined;
  if (NO_ID.test(traceId) || NO_ID.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & SAMPLED) !== 0 };
}

export const formatTraceParent = ({ traceId, spanId, isSampled }: TraceContext): string =>
  `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`;

/** As many characters as have to be passed on, at least. */
const MAX_STATE = 512;

/** Whether it can be a `tracestate`: what is in it is the affair of those who wrote it. */
export const isTraceState = (value: unknown): value is string =>
  typeof value === "string" && value.length <= MAX_STATE && /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value);

export const newTraceId = (): string => newSpanId() + newSpanId();

/** Random as OpenTelemetry's own: these need not be secret, only unlikely to meet. */
export const newSpanId = (): string => word() + word();

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const digits = (byte: number): string => DIGITS[byte & 255] ?? "00";

/** Eight digits; never all zeros. */
function word(): string {
  const number = Math.floor(Math.random() * (2 ** 32 - 1)) + 1;
  return digits(number >>> 24) + digits(number >>> 16) + digits(number >>> 8) + digits(number);
}
