// The door of telemetry: what a server counts, and the figures that it gives of itself.
export { systemTime } from "./system-time.js";
export { isIsolateVitals, isServedSample, type IsolateVitals, type ServedSample } from "./isolate-sample.js";
export { CallCounters, countersSize, OTHER_FUNCTION, PluginCounters } from "./call-counters.js";
export {
  type BundleFigures,
  DEATH_REASONS,
  type DeathReason,
  type ErrorFigures,
  FAILURE_REASONS,
  type FailureReason,
  type FunctionFigures,
  type GatewayFigures,
  type IsolateFigures,
  type IsolateState,
  type PluginFigures,
  type ProcessFigures,
  type ServerFigures,
} from "./figures.js";
export { GatewayTelemetry } from "./gateway-telemetry.js";
export {
  bucketOf,
  BUCKETS,
  type Histogram,
  histogramSince,
  mergeHistograms,
  NO_DURATIONS,
  quantileOf,
  SCALE,
  upperBound,
} from "./histogram.js";
export type { IsolatePlace, IsolateTelemetry } from "./isolate-telemetry.js";
export { PluginTelemetry, type ServedCode } from "./plugin-telemetry.js";
export type { CountersListener } from "./counters-uplink.js";
export { formatTraceParent, isTraceState, parseTraceParent, type TraceContext } from "./traces/trace-context.js";
export { areTracedCalls, type TracedCall } from "./traces/traced-call.js";
export type { CallSpan, Traces } from "./traces/traces.js";
export { Telemetry, type TelemetryOptions } from "./telemetry.js";
