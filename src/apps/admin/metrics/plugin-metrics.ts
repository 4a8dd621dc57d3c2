// The metrics of plugins and of their isolates.
import { DEATH_REASONS, type IsolateFigures, type PluginFigures, type ServerFigures } from "../../../core/telemetry/index.js";
import type { Labels, Metric, Point } from "./metric.js";

const OF_PLUGIN = ["gateway", "plugin"] as const;
const OF_ISOLATE = ["gateway", "plugin", "isolate"] as const;
const MILLISECONDS = 1000;
const STATES = ["loading", "serving", "draining"] as const;

const pluginLabels = ({ gateway, plugin }: PluginFigures | IsolateFigures): Labels => ({ gateway, plugin });

const ofPlugins =
  (value: (figures: PluginFigures) => number) =>
  ({ plugins }: ServerFigures): Point<number>[] =>
    plugins.map((figures) => ({ labels: pluginLabels(figures), value: value(figures) }));

/** Of those that share a place for a while, as an isolate and its successor do, the sum. */
const ofIsolates =
  (value: (figures: IsolateFigures) => number | undefined) =>
  ({ isolates }: ServerFigures): Point<number>[] => {
    const sums = new Map<string, Point<number>>();
    for (const isolate of isolates) {
      const one = value(isolate);
      const labels = { ...pluginLabels(isolate), isolate: String(isolate.slot) };
      const key = Object.values(labels).join(" ");
      if (one !== undefined) sums.set(key, { labels, value: one + (sums.get(key)?.value ?? 0) });
    }
    return [...sums.values()];
  };

export const PLUGIN_METRICS: readonly Metric[] = [
  {
    name: "pluginserver.plugin.info",
    kind: "gauge",
    unit: "",
    help: "1 for each plugin that is served, with its version",
    labels: [...OF_PLUGIN, "version"],
    read: ({ plugins }) => plugins.map((plugin) => ({ labels: { ...pluginLabels(plugin), version: plugin.version }, value: 1 })),
  },
  {
    name: "pluginserver.plugin.generation",
    kind: "gauge",
    unit: "",
    help: "1 for the code that the server began with, one more with each reload",
    labels: OF_PLUGIN,
    read: ofPlugins(({ generation }) => generation),
  },
  {
    name: "pluginserver.plugin.loaded.timestamp",
    kind: "gauge",
    unit: "s",
    help: "Unix time at which the code that is served was loaded",
    labels: OF_PLUGIN,
    read: ofPlugins(({ loadedSince }) => loadedSince / MILLISECONDS),
  },
  {
    name: "pluginserver.plugin.reloads",
    kind: "counter",
    unit: "{reload}",
    help: "Changes of a plugin that were taken over",
    labels: OF_PLUGIN,
    read: ofPlugins(({ reloads }) => reloads),
  },
  {
    name: "pluginserver.plugin.failed_reloads",
    kind: "counter",
    unit: "{reload}",
    help: "Changes of a plugin that did not load: the former code is served on",
    labels: OF_PLUGIN,
    read: ofPlugins(({ failedReloads }) => failedReloads),
  },
  {
    name: "pluginserver.bindings",
    kind: "gauge",
    unit: "{binding}",
    help: "Bindings of a plugin to a configuration: those that live, and those that sleep until they are used again",
    labels: [...OF_PLUGIN, "state"],
    read: ({ plugins }) =>
      plugins.flatMap((plugin) => [
        { labels: { ...pluginLabels(plugin), state: "living" }, value: plugin.bindings },
        { labels: { ...pluginLabels(plugin), state: "sleeping" }, value: plugin.sleepingBindings },
      ]),
  },
];

export const ISOLATE_METRICS: readonly Metric[] = [
  {
    name: "pluginserver.isolates",
    kind: "gauge",
    unit: "{isolate}",
    help: `Isolates that are there, by state: ${STATES.join(", ")}`,
    labels: [...OF_PLUGIN, "state"],
    read: ({ plugins, isolates }) =>
      plugins.flatMap((plugin) =>
        STATES.map((state) => ({
          labels: { ...pluginLabels(plugin), state },
          value: isolates.filter(
            (isolate) => isolate.plugin === plugin.plugin && isolate.gateway === plugin.gateway && isolate.state === state,
          ).length,
        })),
      ),
  },
  {
    name: "pluginserver.isolate.starts",
    kind: "counter",
    unit: "{isolate}",
    help: "Isolates that were started",
    labels: OF_PLUGIN,
    read: ofPlugins(({ starts }) => starts),
  },
  {
    name: "pluginserver.isolate.deaths",
    kind: "counter",
    unit: "{isolate}",
    help: `Isolates that ended other than asked to, by reason: ${DEATH_REASONS.join(", ")}`,
    labels: [...OF_PLUGIN, "reason"],
    read: ({ plugins }) =>
      plugins.flatMap((plugin) =>
        DEATH_REASONS.map((reason) => ({ labels: { ...pluginLabels(plugin), reason }, value: plugin.deaths[reason] })),
      ),
  },
  {
    name: "pluginserver.isolate.recycles",
    kind: "counter",
    unit: "{isolate}",
    help: "Isolates that were replaced since they were near their limit of memory",
    labels: OF_PLUGIN,
    read: ofPlugins(({ recycles }) => recycles),
  },
  {
    name: "pluginserver.isolate.heap",
    kind: "gauge",
    unit: "By",
    help: "Heap that is in use, garbage included",
    labels: OF_ISOLATE,
    read: ofIsolates(({ heapBytes }) => heapBytes),
  },
  {
    name: "pluginserver.isolate.external",
    kind: "gauge",
    unit: "By",
    help: "Memory outside of the heap: buffers",
    labels: OF_ISOLATE,
    read: ofIsolates(({ externalBytes }) => externalBytes),
  },
  {
    name: "pluginserver.isolate.limit",
    kind: "gauge",
    unit: "By",
    help: "Memory that an isolate may use (`-isolate-memory`)",
    labels: OF_ISOLATE,
    read: ofIsolates(({ limitBytes }) => limitBytes),
  },
  {
    name: "pluginserver.isolate.event_loop.delay",
    kind: "gauge",
    unit: "s",
    help: "How long what was last sent to the isolate waited until its event loop took it",
    labels: OF_ISOLATE,
    read: ofIsolates(({ eventLoopDelay }) => eventLoopDelay),
  },
  {
    name: "pluginserver.isolate.cpu",
    kind: "counter",
    unit: "s",
    help: "Processor time of the isolate's thread; it begins anew with each isolate",
    labels: OF_ISOLATE,
    read: ofIsolates(({ cpuSeconds }) => cpuSeconds),
  },
];
