// The metrics of calls, by function.
import { FAILURE_REASONS, type FunctionFigures, type Histogram, type ServerFigures } from "../../../core/telemetry/index.js";
import type { Labels, Metric, Point } from "./metric.js";

const OF_FUNCTION = ["gateway", "plugin", "function"] as const;

const functionLabels = ({ gateway, plugin, function: name }: FunctionFigures): Labels => ({ gateway, plugin, function: name });

/** What was never called is told of as zero, but has no buckets yet. */
const ofFunctions =
  <Value>(value: (figures: FunctionFigures) => Value) =>
  ({ functions }: ServerFigures): Point<Value>[] =>
    functions.map((figures) => ({ labels: functionLabels(figures), value: value(figures) }));

const durations =
  (histogram: (figures: FunctionFigures) => Histogram) =>
  ({ functions }: ServerFigures): Point<Histogram>[] =>
    functions.filter(({ calls }) => calls > 0).map((figures) => ({ labels: functionLabels(figures), value: histogram(figures) }));

export const CALL_METRICS: readonly Metric[] = [
  {
    name: "pluginserver.calls",
    kind: "counter",
    unit: "{call}",
    help: "Calls that have ended, failed ones included",
    labels: OF_FUNCTION,
    read: ofFunctions(({ calls }) => calls),
  },
  {
    name: "pluginserver.call.failures",
    kind: "counter",
    unit: "{call}",
    help: `Calls that failed, by reason: ${FAILURE_REASONS.join(", ")}`,
    labels: [...OF_FUNCTION, "reason"],
    read: ({ functions }) =>
      functions.flatMap((figures) =>
        FAILURE_REASONS.map((reason) => ({
          labels: { ...functionLabels(figures), reason },
          value: figures.failures[reason],
        })),
      ),
  },
  {
    name: "pluginserver.call.duration",
    kind: "histogram",
    unit: "s",
    help: "Time from the first byte of a call until the gateway got its end",
    labels: OF_FUNCTION,
    read: durations(({ duration }) => duration),
  },
  {
    name: "pluginserver.handler.duration",
    kind: "histogram",
    unit: "s",
    help: "Time that the plugin's handler ran, waits for the gateway included",
    labels: OF_FUNCTION,
    read: durations(({ handler }) => handler),
  },
  {
    name: "pluginserver.calls.running",
    kind: "gauge",
    unit: "{call}",
    help: "Calls under way",
    labels: OF_FUNCTION,
    read: ofFunctions(({ running }) => running),
  },
  {
    name: "pluginserver.call.asks",
    kind: "counter",
    unit: "{ask}",
    help: "What calls asked of their gateway",
    labels: OF_FUNCTION,
    read: ofFunctions(({ asks }) => asks),
  },
  {
    name: "pluginserver.call.received",
    kind: "counter",
    unit: "By",
    help: "Bytes that the gateway sent to calls: payloads and answers",
    labels: OF_FUNCTION,
    read: ofFunctions(({ bytesIn }) => bytesIn),
  },
  {
    name: "pluginserver.call.sent",
    kind: "counter",
    unit: "By",
    help: "Bytes that calls sent to the gateway: asks and results",
    labels: OF_FUNCTION,
    read: ofFunctions(({ bytesOut }) => bytesOut),
  },
];
