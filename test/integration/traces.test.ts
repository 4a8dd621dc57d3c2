// Calls are spans of the traces that their gateway's requests belong to, over every protocol and in every mode that a server can run in.
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  BINARY,
  connectPeer,
  createTempDir,
  type Peer,
  PROTOCOLS,
  runPhase,
  type RunningServer,
  startInstance,
  startProgram,
  startServer,
  type TempDir,
  WireClient,
} from "../support/index.js";
import { scrape } from "../support/metrics-client.js";
import { TraceCollector } from "../support/trace-collector.js";
import { GrpcClient } from "../unit/gateways/tyk/http2/grpc-client.js";
import { peerEncode } from "../unit/gateways/tyk/messages/peer.js";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";
const SAMPLED = `00-${TRACE}-${PARENT}-01`;
const UNSAMPLED = `00-${TRACE}-${PARENT}-00`;
/** Of others in the trace. */
const STATE = "vendor=a:1,other=b;2";
const ERROR = 2;
const SERVER = 2;

const PLUGIN = `
  class Traced {
    async access(kong) {
      if ((await kong.request.getHeader("x-do")) === "throw") throw new TypeError("as asked");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  module.exports = { Plugin: Traced, Name: "traced", Version: "1", Priority: 1, Schema: [] };`;

/** Brings the packages of OpenTelemetry: tells of its own span, and calls a service with the header that belongs to it. */
const OWN = `
  const { context, propagation, trace } = require("@opentelemetry/api");
  const { TracerProvider } = require("@opentelemetry/sdk-trace");
  const onEnd = (span) => console.log("OWN " + JSON.stringify([span.spanContext().traceId, span.parentSpanContext?.spanId, span.spanContext().spanId]));
  const processor = { onStart() {}, onEnd, forceFlush: async () => {}, shutdown: async () => {} };
  if (process.env.TEST_OWN_TRACER) trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [processor] }));
  class Own {
    async access(kong) {
      await kong.request.getHeader("x-do");
      await new Promise((resolve) => setTimeout(resolve, 5));
      await trace.getTracer("own").startActiveSpan("work", async (span) => {
        const headers = {};
        propagation.inject(context.active(), headers);
        await fetch(process.env.TEST_SERVICE, { headers });
        span.end();
      });
    }
  }
  module.exports = { Plugin: Own, Name: "own", Version: "1", Priority: 1, Schema: [] };`;

let temp: TempDir;
let server: RunningServer | undefined;
let collector: TraceCollector;

beforeEach(async () => {
  temp = createTempDir("traces");
  temp.write("plugins/traced.cjs", PLUGIN);
  temp.write("own/.keep", "");
  collector = await TraceCollector.start();
});

afterEach(async () => {
  await server?.close();
  collector.close();
  temp.remove();
});

const plugins = (): string => join(temp.path, "plugins");
const tracing = (...given: string[]): string[] => ["-otlp", collector.url, "-traces", ...given];

/** Runs one call; its gateway has got these headers. */
async function access(client: Peer, instance: number, headers: Readonly<Record<string, string>>): Promise<void> {
  const answer = (method: string, args: readonly unknown[]): unknown =>
    method === "kong.request.get_header" ? headers[String(args[0])] : undefined;
  await runPhase(client, instance, "access", { answer });
}

const MODES = [
  ["isolates behind the shared socket", ["-threads", "2"], false],
  ["processes behind the shared socket", ["-isolation", "process"], false],
  ["threads with a socket of their own", ["-threads", "3"], true],
  ["a process with a socket of its own", ["-isolation", "process"], true],
] as const;

describe.each(MODES)("%s", (_name, flags, ownSocket) => {
  it("make each call a child of its request's span, with its error", { timeout: 60_000 }, async () => {
    const own = ownSocket ? ["-plugin-sockets", join(temp.path, "own")] : [];
    server = await startServer({ plugins: plugins(), flags: [...flags, ...own, ...tracing()] });
    if (ownSocket) await server.waitForLine(/plugin traced 1 is listening/);
    const client = await WireClient.connect(ownSocket ? join(temp.path, "own/traced.socket") : server.socketPath);
    const instance = await startInstance(client, "traced", {});
    await access(client, instance, { traceparent: SAMPLED, tracestate: STATE });
    await access(client, instance, { traceparent: SAMPLED, tracestate: "\u0000", "x-do": "throw" });
    await access(client, instance, { traceparent: UNSAMPLED });
    await access(client, instance, { traceparent: "00-not-a-trace-01" });
    const [first, failed, root, ...others] = await collector.until(3);
    expect(others).toEqual([]);
    expect(first).toMatchObject({
      name: "traced access",
      kind: SERVER,
      traceId: TRACE,
      parentSpanId: PARENT,
      traceState: STATE,
      attributes: {
        "pluginserver.gateway": "kong",
        "pluginserver.plugin": "traced",
        "pluginserver.function": "access",
        "pluginserver.binding": instance,
      },
      events: [],
      status: 0,
      service: "pluginserver",
    });
    expect(first?.duration).toBeGreaterThan(15);
    expect(failed).toMatchObject({ traceId: TRACE, parentSpanId: PARENT, status: ERROR, attributes: { "error.type": "threw" } });
    expect(failed?.events).toMatchObject([
      { name: "exception", attributes: { "exception.type": "TypeError", "exception.message": "as asked" } },
    ]);
    expect(failed?.events[0]?.attributes["exception.stacktrace"]).toContain("traced.cjs");
    expect(root?.parentSpanId).toBe("");
    expect(root?.traceId).not.toBe(TRACE);
    await client.close();
  });
});

it.each(PROTOCOLS)("asks for the header with what is prefetched, over %s", { timeout: 60_000 }, async (protocol) => {
  server = await startServer({ plugins: plugins(), flags: ["-protocol", "auto", ...tracing("0")] });
  const client = await connectPeer(protocol, server.socketPath);
  const instance = await startInstance(client, "traced", {});
  const asked: string[] = [];
  const answer = (method: string, args: readonly unknown[]): unknown => {
    asked.push(String(args[0]));
    return method === "kong.request.get_header" && args[0] === "x-do" ? "throw" : undefined;
  };
  // So many calls that begin alike make the server ask ahead.
  for (let i = 0; i < 1010; i += 1) await runPhase(client, instance, "access", { answer });
  asked.splice(0);
  const traced = (method: string, args: readonly unknown[]): unknown => {
    const value = answer(method, args);
    return args[0] === "traceparent" ? SAMPLED : value;
  };
  await runPhase(client, instance, "access", { answer: traced });
  expect(asked.slice(0, 2)).toEqual(["traceparent", "x-do"]);
  const [span, ...others] = await collector.until(1);
  expect(span).toMatchObject({ traceId: TRACE, parentSpanId: PARENT, status: ERROR });
  expect(others).toEqual([]);
  await client.close();
});

it("traces what a program does, in the thread of its socket and in isolates", { timeout: 60_000 }, async () => {
  for (const threads of ["0", "2"]) {
    const socketPath = join(temp.path, `traced-${threads}.socket`);
    const flags = ["-socket", socketPath, "-threads", threads, ...tracing("0")];
    server = await startProgram({ command: [BINARY, "run", join(temp.path, "plugins/traced.cjs"), ...flags], socketPath });
    const client = await WireClient.connect(socketPath);
    const instance = await startInstance(client, "traced", {});
    await access(client, instance, {});
    await access(client, instance, { traceparent: SAMPLED });
    await client.close();
    await server.close();
    expect(collector.spans.splice(0)).toMatchObject([{ traceId: TRACE, parentSpanId: PARENT }]);
  }
});

it("makes spans of a plugin's own OpenTelemetry children of its call, and gives it the header", { timeout: 60_000 }, async () => {
  temp.write("plugins/own/index.cjs", OWN);
  temp.write("plugins/own/package.json", '{ "main": "index.cjs" }');
  mkdirSync(join(temp.path, "plugins/own/node_modules"));
  const installed = fileURLToPath(new URL("../../node_modules/@opentelemetry", import.meta.url));
  symlinkSync(installed, join(temp.path, "plugins/own/node_modules/@opentelemetry"));
  for (const hasTracer of [true, false]) {
    const env = { TEST_SERVICE: `${collector.url}/service`, ...(hasTracer ? { TEST_OWN_TRACER: "1" } : {}) };
    server = await startServer({ plugins: plugins(), flags: tracing(), env });
    const client = await WireClient.connect(server.socketPath);
    const instance = await startInstance(client, "own", {});
    const given = { traceparent: SAMPLED, tracestate: STATE };
    await Promise.all([access(client, instance, given), access(client, instance, given)]);
    const spans = (await collector.until(2)).map(({ spanId }) => spanId);
    const own = server.lines.flatMap((line) => {
      const told = /OWN (\[.*\])/.exec(line)?.[1];
      return told === undefined ? [] : [JSON.parse(told) as string[]];
    });
    expect(own.map(([traceId, parent]) => `${traceId} ${parent}`).sort()).toEqual(hasTracer ? spans.map((id) => `${TRACE} ${id}`).sort() : []); // prettier-ignore
    // Without a tracer of its own the call's span is the active one.
    const callers = hasTracer ? own.map(([, , id]) => id) : spans;
    const requests = collector.requests.splice(0);
    expect(requests.map(({ tracestate }) => tracestate)).toEqual([STATE, STATE]);
    const headers = requests.map(({ traceparent }) => traceparent);
    expect(headers.sort()).toEqual(callers.map((id) => `00-${TRACE}-${id}-01`).sort());
    collector.spans.splice(0);
    await client.close();
    await server.close();
  }
});

it("takes the trace of a Tyk gateway's call, else that of its client", { timeout: 60_000 }, async () => {
  temp.write(
    "plugins/hooks.mjs",
    `import { defineTykPlugin } from "pluginserver/tyk";
     export default defineTykPlugin({ pre: { ok() {}, bad() { throw new Error("as asked"); } } });`,
  );
  const tyk = join(temp.path, "tyk.sock");
  server = await startServer({ plugins: plugins(), flags: ["-tyk", `unix://${tyk}`, ...tracing("0")] });
  await server.waitForLine(/listening for Tyk/);
  const client = new GrpcClient({ kind: "unix", path: tyk });
  const call = async (name: string, metadata: Record<string, string>, headers: Record<string, string> = {}): Promise<void> => {
    const request = { url: "/", method: "GET", headers };
    const message = peerEncode({ hook_type: 1, hook_name: name, request, spec: { APIID: "a" } });
    await client.call("/coprocess.Dispatcher/Dispatch", { message, metadata });
  };
  const other = SAMPLED.replace(PARENT, "00f067aa0ba902b7");
  await call("hooks:ok", { traceparent: SAMPLED, tracestate: STATE }, { Traceparent: other, Tracestate: "client=1" });
  await call("hooks:bad", {}, { Accept: "*/*", Tracestate: "client=1", Traceparent: other });
  await call("hooks:ok", {});
  await call("hooks:ok", { traceparent: UNSAMPLED });
  await server.close();
  expect(collector.spans).toMatchObject([
    {
      name: "hooks pre/ok",
      traceId: TRACE,
      parentSpanId: PARENT,
      traceState: STATE,
      status: 0,
      attributes: { "pluginserver.gateway": "tyk" },
    },
    { name: "hooks pre/bad", traceId: TRACE, parentSpanId: "00f067aa0ba902b7", traceState: "client=1", status: ERROR },
  ]);
});

it("samples calls without a parent by the ratio, and shows exemplars of them", { timeout: 60_000 }, async () => {
  const metrics = join(temp.path, "metrics.sock");
  server = await startServer({ plugins: plugins(), flags: [...tracing("0.25"), "-metrics", `unix://${metrics}`] });
  const client = await WireClient.connect(server.socketPath);
  const instance = await startInstance(client, "traced", {});
  await Promise.all(Array.from({ length: 400 }, () => access(client, instance, { "x-do": "throw" })));
  const scraped = await scrape(metrics, "application/openmetrics-text; version=1.0.0");
  const recorded = scraped.value("pluginserver_traced_calls_total");
  expect(recorded).toBeGreaterThan(50);
  expect(recorded).toBeLessThan(150);
  const spans = await collector.until(recorded);
  const [, traceId, spanId] =
    /_duration_seconds_bucket\{[^}]*\} \d+ # \{trace_id="(\w+)",span_id="(\w+)"\} [\d.e-]+ \d+\.\d+/.exec(scraped.text) ?? [];
  expect(spans.map((span) => `${span.traceId} ${span.spanId}`)).toContain(`${traceId} ${spanId}`);
  await client.close();
});

it("counts spans that a collector does not take, and serves on", { timeout: 60_000 }, async () => {
  const metrics = join(temp.path, "metrics.sock");
  collector.answerWith(400);
  server = await startServer({ plugins: plugins(), flags: [...tracing(), "-metrics", `unix://${metrics}`] });
  const client = await WireClient.connect(server.socketPath);
  const instance = await startInstance(client, "traced", {});
  await access(client, instance, {});
  await server.waitForLine(/a collector did not take 1 spans/);
  expect((await scrape(metrics)).value("pluginserver_dropped_spans_total")).toBe(1);
  await access(client, instance, {});
  await client.close();
});
