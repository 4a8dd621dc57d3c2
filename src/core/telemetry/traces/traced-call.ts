// Names what is told of a call that is recorded in a trace, and whether what came is that: plugin code can get at its end of the channel.
import { FAILURE_REASONS, type FailureReason } from "../figures.js";
import { isTraceState } from "./trace-context.js";

export interface SpanError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

/** Plain data: it crosses channels. Ids are in hexadecimal digits. */
export interface TracedCall {
  readonly gateway: string;
  readonly plugin: string;
  readonly function: string;
  readonly binding: number;
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined for the first of a trace. */
  readonly parentSpanId: string | undefined;
  /** `tracestate` of the parent, as it came. */
  readonly traceState: string | undefined;
  /** Unix time in milliseconds. */
  readonly startedAt: number;
  /** In milliseconds. */
  readonly duration: number;
  readonly failure: FailureReason | undefined;
  /** What its function threw, or why it was given up. */
  readonly error: SpanError | undefined;
}

/** Of a text of one. */
const MAX_TEXT = 10_000;
/** Of one message. */
const MAX_CALLS = 10_000;
const TRACE_ID = /^[0-9a-f]{32}$/;
const SPAN_ID = /^[0-9a-f]{16}$/;
const REASONS: ReadonlySet<unknown> = new Set(FAILURE_REASONS);

export const areTracedCalls = (value: unknown): value is readonly TracedCall[] =>
  Array.isArray(value) && value.length <= MAX_CALLS && value.every(isTracedCall);

const isTracedCall = (value: unknown): boolean =>
  isFields(value) &&
  [value["gateway"], value["plugin"], value["function"]].every(isText) &&
  [value["binding"], value["startedAt"], value["duration"]].every(isAmount) &&
  matches(value["traceId"], TRACE_ID) &&
  matches(value["spanId"], SPAN_ID) &&
  (value["parentSpanId"] === undefined || matches(value["parentSpanId"], SPAN_ID)) &&
  (value["traceState"] === undefined || isTraceState(value["traceState"])) &&
  (value["failure"] === undefined || REASONS.has(value["failure"])) &&
  (value["error"] === undefined || isError(value["error"]));

const isError = (value: unknown): boolean => isFields(value) && [value["name"], value["message"], value["stack"]].every(isText);

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null;
const isText = (value: unknown): boolean => typeof value === "string" && value.length <= MAX_TEXT;
const isAmount = (value: unknown): boolean => typeof value === "number" && value >= 0 && value < Infinity;
const matches = (value: unknown, pattern: RegExp): boolean => typeof value === "string" && pattern.test(value);
