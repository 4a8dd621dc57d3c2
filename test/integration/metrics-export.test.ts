// What a server pushes: OTLP as a collector decodes it, and StatsD as it comes in packets.
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import protobuf from "protobufjs";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  createTempDir,
  runPhase,
  type RunningServer,
  startInstance,
  startServer,
  type TempDir,
  WireClient,
} from "../support/index.js";

/** The part of opentelemetry.proto.collector.metrics.v1 that is looked at. */
const PROTO = `syntax = "proto3";
  message Request { repeated ResourceMetrics resource_metrics = 1; }
  message ResourceMetrics { repeated ScopeMetrics scope_metrics = 2; }
  message ScopeMetrics { repeated Metric metrics = 2; }
  message Metric { string name = 1; string unit = 3; Sum sum = 7; Exponential exponential_histogram = 10; }
  message Sum { repeated NumberPoint data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3; }
  message NumberPoint { double as_double = 4; repeated Pair attributes = 7; }
  message Pair { string key = 1; Value value = 2; }
  message Value { string string_value = 1; }
  message Exponential { repeated HistogramPoint data_points = 1; }
  message HistogramPoint { repeated Pair attributes = 1; fixed64 count = 4; double sum = 5; sint32 scale = 6; Buckets positive = 8; }
  message Buckets { sint32 offset = 1; repeated uint64 bucket_counts = 2; }`;
const REQUEST = protobuf.parse(PROTO).root.lookupType("Request");

interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly sum?: { readonly dataPoints: readonly { readonly asDouble?: number }[]; readonly isMonotonic?: boolean };
  readonly exponentialHistogram?: {
    readonly dataPoints: readonly {
      readonly count: number;
      readonly sum: number;
      readonly scale: number;
      readonly positive: { readonly offset: number; readonly bucketCounts: readonly number[] };
    }[];
  };
}

interface Pushed {
  readonly resourceMetrics: readonly { readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[] }[];
}

const CALLS = 25;

let temp: TempDir;
let server: RunningServer;
let collector: Server;
let statsd: Socket;
const pushed: (readonly Metric[])[] = [];
const packets: string[] = [];

beforeEach(async () => {
  temp = createTempDir("export");
  temp.write(
    "plugins/slow.cjs",
    `class Slow { async access() { await new Promise((resolve) => setTimeout(resolve, 150)); } }
     module.exports = { Plugin: Slow, Name: "slow", Version: "1", Priority: 1, Schema: [] };`,
  );
  collector = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const decoded = REQUEST.toObject(REQUEST.decode(Buffer.concat(parts)), { longs: Number }) as Pushed;
      pushed.push(decoded.resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics)));
      response.end();
    });
  }).listen(0, "127.0.0.1");
  await once(collector, "listening");
  statsd = createSocket("udp4");
  statsd.on("message", (packet) => packets.push(...packet.toString().split("\n")));
  statsd.bind(0, "127.0.0.1");
  await once(statsd, "listening");
});

afterEach(() => {
  collector.close();
  statsd.close();
  temp.remove();
});

it("sends counts and durations to a collector and to StatsD, and the last of them at its end", { timeout: 30_000 }, async () => {
  const { port } = collector.address() as AddressInfo;
  server = await startServer({
    plugins: join(temp.path, "plugins"),
    flags: ["-otlp", `http://127.0.0.1:${port}/`, "-statsd", `127.0.0.1:${statsd.address().port}`],
  });
  const client = await WireClient.connect(server.socketPath);
  const instance = await startInstance(client, "slow", {});
  await Promise.all(Array.from({ length: CALLS }, () => runPhase(client, instance, "access")));
  await client.close();
  await server.close();
  const last = pushed.at(-1) ?? [];
  const calls = last.find(({ name }) => name === "pluginserver.calls");
  expect(calls).toMatchObject({ unit: "{call}", sum: { isMonotonic: true, dataPoints: [{ asDouble: CALLS }] } });
  const [duration] = last.find(({ name }) => name === "pluginserver.call.duration")?.exponentialHistogram?.dataPoints ?? [];
  expect(duration).toMatchObject({ count: CALLS, scale: 4 });
  // The first bucket that is not empty holds what took as long as the handler slept.
  expect(2 ** ((duration?.positive.offset ?? 0) / 16)).toBeGreaterThan(0.14);
  const counted = packets.filter((line) => line.startsWith("TsPluginMiddleware$slow$access:"));
  expect(counted.reduce((sum, line) => sum + Number(/:(\d+)\|c$/.exec(line)?.[1]), 0)).toBe(CALLS);
  const times = packets.flatMap((line) => {
    const [, time, rate = "1"] = /^TsPluginMiddleware\$slow\$access\.exec_time:(\d+)\|ms(?:\|@([\d.]+))?$/.exec(line) ?? [];
    return time === undefined ? [] : [{ time: Number(time), count: Math.round(1 / Number(rate)) }];
  });
  expect(times.reduce((sum, { count }) => sum + count, 0)).toBe(CALLS);
  expect(Math.min(...times.map(({ time }) => time))).toBeGreaterThan(140e6);
});

it("says in its last metrics which calls its end has stopped", { timeout: 30_000 }, async () => {
  temp.write(
    "plugins/hangs.cjs",
    `module.exports = { Plugin: class { async access() { await new Promise(() => {}); } }, Name: "hangs", Version: "1", Priority: 1, Schema: [] };`,
  );
  const { port } = collector.address() as AddressInfo;
  server = await startServer({
    plugins: join(temp.path, "plugins"),
    flags: ["-otlp", `http://127.0.0.1:${port}`, "-drain-timeout", "300ms"],
  });
  const client = await WireClient.connect(server.socketPath);
  const instance = await startInstance(client, "hangs", {});
  const calls = [1, 2].map(() => runPhase(client, instance, "access"));
  // Its answer comes when both calls are known.
  await client.call("plugin.GetStatus", []);
  await server.close();
  expect((await Promise.all(calls)).map(({ end }) => end)).toEqual(["exit", "exit"]);
  const points = pushed.at(-1)?.find(({ name }) => name === "pluginserver.call.failures")?.sum?.dataPoints ?? [];
  expect(points.filter(({ asDouble = 0 }) => asDouble > 0)).toMatchObject([
    { asDouble: 2, attributes: expect.arrayContaining([{ key: "reason", value: { stringValue: "stopped" } }]) as unknown },
  ]);
  await client.close();
});
