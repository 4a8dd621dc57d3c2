// Says what a trace is to OpenTelemetry: contexts, a span that stands for the call, and how both go into headers and come out of them.
import type { Context, Span, SpanContext, TextMapGetter, TextMapPropagator, TextMapSetter, TraceState } from "@opentelemetry/api";
import { formatTraceParent, isTraceState, parseTraceParent } from "../../telemetry/index.js";

/** Where every version of the package keeps the active span in a context. */
const SPAN_KEY = Symbol.for("OpenTelemetry Context Key SPAN");
const HEADER = "traceparent";
const STATE = "tracestate";
const SAMPLED = 1;

class Values implements Context {
  readonly #values: ReadonlyMap<symbol, unknown>;

  constructor(values: ReadonlyMap<symbol, unknown> = new Map()) {
    this.#values = values;
  }

  getValue(key: symbol): unknown {
    return this.#values.get(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return new Values(new Map(this.#values).set(key, value));
  }

  deleteValue(key: symbol): Context {
    return new Values(new Map([...this.#values].filter(([name]) => name !== key)));
  }
}

export const NO_CONTEXT: Context = new Values();

/** The server records the call itself: what plugin code sets on its span is not kept. */
class ForeignSpan implements Span {
  readonly #context: SpanContext;

  constructor(context: SpanContext) {
    this.#context = context;
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  isRecording(): boolean {
    return false;
  }

  setAttribute(): this {
    return this;
  }

  setAttributes(): this {
    return this;
  }

  addEvent(): this {
    return this;
  }

  addLink(): this {
    return this;
  }

  addLinks(): this {
    return this;
  }

  setStatus(): this {
    return this;
  }

  updateName(): this {
    return this;
  }

  end(): void {}
  recordException(): void {}
}

/** What others in the trace have said, the latest first: `key=value,…`. A change makes another one. */
class ForeignState implements TraceState {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get #members(): string[] {
    return this.#text
      .split(",")
      .map((member) => member.trim())
      .filter((member) => member !== "");
  }

  #without(key: string): string[] {
    return this.#members.filter((member) => !member.startsWith(`${key}=`));
  }

  get(key: string): string | undefined {
    return this.#members.find((member) => member.startsWith(`${key}=`))?.slice(key.length + 1);
  }

  set(key: string, value: string): TraceState {
    return new ForeignState([`${key}=${value}`, ...this.#without(key)].join(","));
  }

  unset(key: string): TraceState {
    return new ForeignState(this.#without(key).join(","));
  }

  serialize(): string {
    return this.#text;
  }
}

/** With the span that a `traceparent` names as the active one; undefined where it is none. */
export function contextOf(traceParent: unknown, traceState: unknown, outer = NO_CONTEXT): Context | undefined {
  const parsed = parseTraceParent(traceParent);
  if (parsed === undefined) return undefined;
  const { traceId, spanId, isSampled } = parsed;
  const state = isTraceState(traceState) ? { traceState: new ForeignState(traceState) } : {};
  const spanContext = { traceId, spanId, traceFlags: isSampled ? SAMPLED : 0, isRemote: true, ...state };
  return outer.setValue(SPAN_KEY, new ForeignSpan(spanContext));
}

/** `traceparent` and `tracestate` of W3C Trace Context. */
export class W3cPropagator implements TextMapPropagator {
  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const span = context.getValue(SPAN_KEY) as Span | undefined;
    if (span === undefined) return;
    const { traceId, spanId, traceFlags, traceState } = span.spanContext();
    const header = formatTraceParent({ traceId, spanId, isSampled: (traceFlags & SAMPLED) !== 0 });
    if (parseTraceParent(header) === undefined) return;
    setter.set(carrier, HEADER, header);
    const state = traceState?.serialize();
    if (isTraceState(state)) setter.set(carrier, STATE, state);
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const header = getter.get(carrier, HEADER);
    const states = getter.get(carrier, STATE);
    const state = Array.isArray(states) ? states.join(",") : states;
    return contextOf(Array.isArray(header) ? header[0] : header, state, context) ?? context;
  }

  fields(): string[] {
    return [HEADER, STATE];
  }
}
