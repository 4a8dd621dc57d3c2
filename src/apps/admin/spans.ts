// Sends the calls that are recorded in traces to a collector over OTLP/HTTP, with the exporter of OpenTelemetry: it is loaded with this
// file, and only then.
import { type Attributes, createTraceState, SpanKind, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import type { Logger } from "pino";
import type { TracedCall, Traces } from "../../core/telemetry/index.js";
import { hrTime, SERVICE, serverResource } from "./otlp.js";

/** As the exporter takes it. */
type Span = Parameters<OTLPTraceExporter["export"]>[0][number];

/** Milliseconds between two looks for calls that wait. */
const INTERVAL = 1000;
/** Of one request. */
const MAX_SPANS = 512;
/** What the end of the server waits for a collector, in milliseconds. */
const LAST = 5000;

/** `url` is the base address of the collector. */
export function pushSpans(url: string, traces: Traces, version: string, logger: Logger): { close(): Promise<void> } {
  const sender = new SpanSender(new OTLPTraceExporter({ url: `${url}/v1/traces` }), traces, version, logger);
  return { close: () => sender.close() };
}

class SpanSender {
  readonly #exporter: OTLPTraceExporter;
  readonly #traces: Traces;
  readonly #resource: ReturnType<typeof serverResource>;
  readonly #scope: Span["instrumentationScope"];
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  #sending: Promise<void> | undefined;
  #hasFailed = false;

  constructor(exporter: OTLPTraceExporter, traces: Traces, version: string, logger: Logger) {
    this.#exporter = exporter;
    this.#traces = traces;
    this.#resource = serverResource(version);
    this.#scope = { name: SERVICE, version };
    this.#logger = logger;
    this.#timer = setInterval(() => {
      this.#sendAll().catch(() => {});
    }, INTERVAL).unref();
  }

  /** Sends what waits, unless the collector takes too long. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => (timer = setTimeout(resolve, LAST)));
    await Promise.race([this.#sendAll().then(() => this.#sendAll()), tooLong]);
    clearTimeout(timer);
    await this.#exporter.shutdown();
  }

  /** One request at a time: while the collector takes its time, calls wait in their bounded queue. */
  #sendAll(): Promise<void> {
    this.#sending ??= this.#sendWaiting().then(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #sendWaiting(): Promise<void> {
    while (this.#traces.waiting > 0) await this.#send(this.#traces.take(MAX_SPANS));
  }

  #send(calls: readonly TracedCall[]): Promise<void> {
    const spans = calls.map((call) => this.#spanOf(call));
    return new Promise((resolve) => {
      this.#exporter.export(spans, ({ error }) => {
        if (error === undefined) this.#hasFailed = false;
        else this.#lost(calls.length, error);
        resolve();
      });
    });
  }

  /** Told once for as long as it lasts. */
  #lost(calls: number, { message }: Error): void {
    this.#traces.lost(calls);
    if (!this.#hasFailed)
      this.#logger.warn(`a collector did not take ${calls} spans, see pluginserver_dropped_spans_total: ${message}`);
    this.#hasFailed = true;
  }

  #spanOf(call: TracedCall): Span {
    const { traceId, spanId, parentSpanId, traceState, startedAt, duration, failure, error } = call;
    const endTime = hrTime(startedAt + duration);
    const state = traceState === undefined ? {} : { traceState: createTraceState(traceState) };
    const inTrace = { traceId, traceFlags: TraceFlags.SAMPLED, ...state };
    return {
      name: `${call.plugin} ${call.function}`,
      kind: SpanKind.SERVER,
      spanContext: () => ({ ...inTrace, spanId }),
      ...(parentSpanId === undefined ? {} : { parentSpanContext: { ...inTrace, spanId: parentSpanId, isRemote: true } }),
      startTime: hrTime(startedAt),
      endTime,
      duration: hrTime(duration),
      status:
        failure === undefined
          ? { code: SpanStatusCode.UNSET }
          : { code: SpanStatusCode.ERROR, message: error?.message ?? failure },
      attributes: attributesOf(call),
      links: [],
      events:
        error === undefined
          ? []
          : [{ name: "exception", time: endTime, attributes: exceptionAttributes(error), droppedAttributesCount: 0 }],
      ended: true,
      resource: this.#resource,
      instrumentationScope: this.#scope,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    };
  }
}

/** https://opentelemetry.io/docs/specs/semconv/general/recording-errors/ */
const attributesOf = ({ gateway, plugin, function: name, binding, failure }: TracedCall): Attributes => ({
  "pluginserver.gateway": gateway,
  "pluginserver.plugin": plugin,
  "pluginserver.function": name,
  "pluginserver.binding": binding,
  ...(failure === undefined ? {} : { "error.type": failure }),
});

const exceptionAttributes = ({ name, message, stack }: NonNullable<TracedCall["error"]>): Attributes => ({
  "exception.type": name,
  "exception.message": message,
  ...(stack === "" ? {} : { "exception.stacktrace": stack }),
});
