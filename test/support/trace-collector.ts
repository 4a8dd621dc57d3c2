// Owns a collector of OpenTelemetry for tests: it takes spans over OTLP/HTTP and decodes them by the protocol's own messages.
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import protobuf from "protobufjs";

/** The part of opentelemetry.proto.collector.trace.v1 that is looked at. */
const PROTO = `syntax = "proto3";
  message Request { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated Pair attributes = 1; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
    fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated Pair attributes = 9; repeated Event events = 11; Status status = 15;
  }
  message Event { string name = 2; repeated Pair attributes = 3; }
  message Status { string message = 2; int32 code = 3; }
  message Pair { string key = 1; Value value = 2; }
  message Value { oneof value { string string_value = 1; int64 int_value = 3; } }`;
const REQUEST = protobuf.parse(PROTO).root.lookupType("Request");

export interface ReceivedSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first of a trace. */
  readonly parentSpanId: string;
  /** Empty where there is none. */
  readonly traceState: string;
  /** Milliseconds. */
  readonly duration: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly { readonly name: string; readonly attributes: Readonly<Record<string, unknown>> }[];
  /** 0: unset, 2: error. */
  readonly status: number;
  readonly service: unknown;
}

export class TraceCollector {
  readonly spans: ReceivedSpan[] = [];
  /** Headers of what came to other paths: services that plugins call. */
  readonly requests: IncomingHttpHeaders[] = [];
  readonly #server: Server;
  #onSpan: () => void = () => {};
  #status = 200;

  private constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        if (request.url === "/v1/traces") this.#take(Buffer.concat(parts));
        else if (request.url?.startsWith("/v1/") !== true) this.requests.push(request.headers);
        response.statusCode = request.url === "/v1/traces" ? this.#status : 200;
        response.end();
      });
    });
  }

  static async start(): Promise<TraceCollector> {
    const collector = new TraceCollector();
    collector.#server.listen(0, "127.0.0.1");
    await once(collector.#server, "listening");
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Answers spans with this from now on. */
  answerWith(status: number): void {
    this.#status = status;
  }

  /** Resolves when as many spans are there. */
  async until(count: number): Promise<readonly ReceivedSpan[]> {
    while (this.spans.length < count) await new Promise<void>((resolve) => (this.#onSpan = resolve));
    return this.spans;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #take(body: Buffer): void {
    if (this.#status !== 200) return;
    const { resourceSpans = [] } = REQUEST.toObject(REQUEST.decode(body), { longs: String }) as Decoded;
    for (const { resource, scopeSpans } of resourceSpans)
      for (const { spans } of scopeSpans)
        for (const span of spans) this.spans.push(received(span, attributes(resource.attributes)));
    this.#onSpan();
  }
}

interface Pair {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: string };
}

interface Decoded {
  readonly resourceSpans?: readonly {
    readonly resource: { readonly attributes?: readonly Pair[] };
    readonly scopeSpans: readonly { readonly spans: readonly DecodedSpan[] }[];
  }[];
}

interface DecodedSpan {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly parentSpanId?: Uint8Array;
  readonly traceState?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly Pair[];
  readonly events?: readonly { readonly name: string; readonly attributes?: readonly Pair[] }[];
  readonly status?: { readonly code?: number };
}

const NANOSECONDS = 1e6;
const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("hex");
const attributes = (pairs: readonly Pair[] = []): Record<string, unknown> =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]));

const received = (span: DecodedSpan, resource: Readonly<Record<string, unknown>>): ReceivedSpan => ({
  name: span.name,
  kind: span.kind,
  traceId: hex(span.traceId),
  spanId: hex(span.spanId),
  parentSpanId: hex(span.parentSpanId),
  traceState: span.traceState ?? "",
  duration: Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / NANOSECONDS,
  attributes: attributes(span.attributes),
  events: (span.events ?? []).map(({ name, attributes: pairs }) => ({ name, attributes: attributes(pairs) })),
  status: span.status?.code ?? 0,
  service: resource["service.name"],
});
