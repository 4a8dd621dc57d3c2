// The metrics of the server itself: connections, its process, its build.
import type { ServerFigures } from "../../../core/telemetry/index.js";
import type { Metric, Point } from "./metric.js";

const MILLISECONDS = 1000;

const ofServer =
  (value: (figures: ServerFigures) => number | undefined) =>
  (figures: ServerFigures): Point<number | undefined>[] => [{ labels: {}, value: value(figures) }];

const ofGateways =
  (value: (figures: ServerFigures["gateways"][number]) => number) =>
  ({ gateways }: ServerFigures): Point<number>[] =>
    gateways.map((figures) => ({ labels: { gateway: figures.gateway }, value: value(figures) }));

export const SERVER_METRICS: readonly Metric[] = [
  {
    name: "pluginserver.bundle.info",
    kind: "gauge",
    unit: "",
    help: "1, with version and digest of a bundle whose plugins are served",
    labels: ["bundle", "version", "digest"],
    read: ({ bundles }) =>
      (bundles?.served ?? []).map(({ name, version, digest }) => ({ labels: { bundle: name, version, digest }, value: 1 })),
  },
  {
    name: "pluginserver.bundle.since",
    kind: "gauge",
    unit: "s",
    help: "Unix time since which a bundle is here in this version",
    labels: ["bundle"],
    read: ({ bundles }) =>
      (bundles?.served ?? []).map(({ name, since }) => ({ labels: { bundle: name }, value: since / MILLISECONDS })),
  },
  {
    name: "pluginserver.bundle.failures",
    kind: "counter",
    unit: "{failure}",
    help: "Bundles, and looks at the index of bundles, that came to nothing: what was served before goes on",
    labels: ["reason"],
    read: ({ bundles }) => Object.entries(bundles?.failures ?? {}).map(([reason, value]) => ({ labels: { reason }, value })),
  },
  {
    name: "pluginserver.connections",
    kind: "gauge",
    unit: "{connection}",
    help: "Connections of gateways that are open",
    labels: ["gateway"],
    read: ofGateways(({ connections }) => connections),
  },
  {
    name: "pluginserver.accepted_connections",
    kind: "counter",
    unit: "{connection}",
    help: "Connections of gateways that were accepted",
    labels: ["gateway"],
    read: ofGateways(({ acceptedConnections }) => acceptedConnections),
  },
  {
    name: "pluginserver.refused_connections",
    kind: "counter",
    unit: "{connection}",
    help: "Connections that were refused: `-max-connections`, or too few file descriptors",
    labels: ["gateway"],
    read: ofGateways(({ refusedConnections }) => refusedConnections),
  },
  {
    name: "pluginserver.dropped_log_lines",
    kind: "counter",
    unit: "{line}",
    help: "Lines of the log that nobody read in time",
    labels: [],
    read: ofServer(({ process }) => process.droppedLogLines),
  },
  {
    name: "pluginserver.traced_calls",
    kind: "counter",
    unit: "{call}",
    help: "Calls that were recorded in traces (`-traces`)",
    labels: [],
    read: ofServer(({ process }) => process.tracedCalls),
  },
  {
    name: "pluginserver.dropped_spans",
    kind: "counter",
    unit: "{span}",
    help: "Of these, calls that no collector got: they came too quickly, or it did not take them",
    labels: [],
    read: ofServer(({ process }) => process.droppedSpans),
  },
  {
    name: "pluginserver.event_loop.delay",
    kind: "gauge",
    unit: "s",
    help: "How late the main thread's event loop was when it was last looked at",
    labels: [],
    read: ofServer(({ process }) => process.eventLoopDelay),
  },
  {
    name: "pluginserver.build.info",
    kind: "gauge",
    unit: "",
    help: "1, with the versions of server and runtime",
    labels: ["version", "node", "platform", "arch"],
    read: ({ process: { version, node, platform, arch } }) => [{ labels: { version, node, platform, arch }, value: 1 }],
  },
  {
    name: "process.cpu",
    kind: "counter",
    unit: "s",
    help: "Processor time of the whole process, threads included",
    labels: [],
    read: ofServer(({ process }) => process.cpuSeconds),
  },
  {
    name: "process.resident_memory",
    kind: "gauge",
    unit: "By",
    help: "Resident memory of the process",
    labels: [],
    read: ofServer(({ process }) => process.residentBytes),
  },
  {
    name: "process.open_fds",
    kind: "gauge",
    unit: "",
    help: "File descriptors that are open",
    labels: [],
    read: ofServer(({ process }) => process.openDescriptors),
  },
  {
    name: "process.max_fds",
    kind: "gauge",
    unit: "",
    help: "File descriptors that may be open",
    labels: [],
    read: ofServer(({ process }) => process.maxDescriptors),
  },
  {
    name: "process.start_time",
    kind: "gauge",
    unit: "s",
    help: "Unix time at which the process began",
    labels: [],
    read: ofServer(({ process }) => process.startedAt / MILLISECONDS),
  },
];
