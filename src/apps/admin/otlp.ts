// Pushes metrics to a collector over OTLP/HTTP, with the SDK of OpenTelemetry: it is loaded with this file, and only then.
import { type Attributes, type HrTime, ValueType } from "@opentelemetry/api";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  type CollectionResult,
  type DataPoint,
  DataPointType,
  type ExponentialHistogram,
  MeterProvider,
  type MetricData,
  type MetricProducer,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { BUCKETS, type Histogram, SCALE, type ServerFigures, type Telemetry } from "../../core/telemetry/index.js";
import type { Metric, Point } from "./metrics/metric.js";
import { METRICS } from "./metrics/metric-table.js";

export const SERVICE = "pluginserver";
const MILLISECONDS = 1000;
const NANOSECONDS = 1e6;
/** As OpenTelemetry has it where OTEL_METRIC_EXPORT_INTERVAL says nothing else, in milliseconds. */
const INTERVAL = 60_000;
/** The first bucket with two bounds, in OpenTelemetry's count: 2^-20 s. */
const FIRST_BUCKET = -20 * 2 ** SCALE;

/** What the server says it is, in metrics and traces alike; OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME are heeded. */
export function serverResource(version: string): ReturnType<typeof resourceFromAttributes> {
  const given = Object.fromEntries(
    (process.env["OTEL_RESOURCE_ATTRIBUTES"] ?? "")
      .split(",")
      .map((pair) => pair.split("=", 2))
      .filter((pair): pair is [string, string] => pair.length === 2 && pair[0] !== "")
      .map(([key, value]) => [key.trim(), value.trim()]),
  );
  return resourceFromAttributes({
    "service.version": version,
    "process.pid": process.pid,
    ...given,
    "service.name": process.env["OTEL_SERVICE_NAME"] ?? given["service.name"] ?? SERVICE,
  });
}

/** `url` is the base address of the collector. */
export function pushMetrics(url: string, telemetry: Telemetry): { close(): Promise<void> } {
  const resource = serverResource(telemetry.snapshot().process.version);
  const interval = Number(process.env["OTEL_METRIC_EXPORT_INTERVAL"]);
  const exportIntervalMillis = interval > 0 ? interval : INTERVAL;
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url: `${url}/v1/metrics` }),
    exportIntervalMillis,
    exportTimeoutMillis: Math.min(exportIntervalMillis, 10_000),
    metricProducers: [new FiguresProducer(telemetry, resource)],
  });
  const provider = new MeterProvider({ resource, readers: [reader] });
  // A collector that is gone is told of by the SDK.
  return { close: () => provider.shutdown().catch(() => {}) };
}

class FiguresProducer implements MetricProducer {
  readonly #telemetry: Telemetry;
  readonly #resource: ReturnType<typeof serverResource>;

  constructor(telemetry: Telemetry, resource: ReturnType<typeof serverResource>) {
    this.#telemetry = telemetry;
    this.#resource = resource;
  }

  async collect(): Promise<CollectionResult> {
    await this.#telemetry.refresh();
    const figures = this.#telemetry.snapshot();
    const metrics = METRICS.map((metric) => metricData(metric, figures)).filter(({ dataPoints }) => dataPoints.length > 0);
    return { resourceMetrics: { resource: this.#resource, scopeMetrics: [{ scope: { name: SERVICE }, metrics }] }, errors: [] };
  }
}

function metricData(metric: Metric, figures: ServerFigures): MetricData {
  const { name, help: description, unit } = metric;
  const times = { startTime: hrTime(figures.process.startedAt), endTime: hrTime(figures.at) };
  const common = {
    descriptor: { name, description, unit, valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  if (metric.kind === "histogram") {
    const dataPoints = metric
      .read(figures)
      .map(({ labels, value }) => ({ ...times, attributes: labels, value: exponential(value) }));
    return { ...common, dataPointType: DataPointType.EXPONENTIAL_HISTOGRAM, dataPoints };
  }
  const dataPoints = metric.read(figures).flatMap((point) => numberPoint(point, times));
  if (metric.kind === "gauge") return { ...common, dataPointType: DataPointType.GAUGE, dataPoints };
  return { ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints };
}

interface Times {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
}

const numberPoint = ({ labels, value }: Point<number | undefined>, times: Times): DataPoint<number>[] =>
  value === undefined ? [] : [{ ...times, attributes: labels satisfies Attributes, value }];

/** The buckets are OpenTelemetry's own; without the empty ones at either end. */
function exponential({ count, sum, buckets }: Histogram): ExponentialHistogram {
  const all = Array.from({ length: BUCKETS - 1 }, (_, index) => buckets[index + 1] ?? 0);
  const first = all.findIndex((each) => each > 0);
  const last = all.findLastIndex((each) => each > 0);
  const bucketCounts = first === -1 ? [] : all.slice(first, last + 1);
  const zeroCount = buckets[0] ?? 0;
  return {
    count: Math.max(count, zeroCount + bucketCounts.reduce((total, each) => total + each, 0)),
    sum,
    scale: SCALE,
    zeroCount,
    positive: { offset: FIRST_BUCKET + Math.max(0, first), bucketCounts },
    negative: { offset: 0, bucketCounts: [] },
  };
}

export const hrTime = (milliseconds: number): HrTime => [
  Math.floor(milliseconds / MILLISECONDS),
  Math.round((milliseconds % MILLISECONDS) * NANOSECONDS),
];
