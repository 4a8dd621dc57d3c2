// Owns the table of metrics. Every exporter and docs/metrics.md are made from it.
import { CALL_METRICS } from "./call-metrics.js";
import type { Metric } from "./metric.js";
import { ISOLATE_METRICS, PLUGIN_METRICS } from "./plugin-metrics.js";
import { SERVER_METRICS } from "./server-metrics.js";

export const METRICS: readonly Metric[] = [...CALL_METRICS, ...PLUGIN_METRICS, ...ISOLATE_METRICS, ...SERVER_METRICS];
