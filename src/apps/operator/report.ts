// Makes what a server says of itself to operators: one report, which the table, the page and `-json` show, from the same figures as the
// metrics. Times are Unix times in milliseconds, durations in seconds, sizes in bytes; what is not known is left out.
import type { PluginProblem } from "../../core/plugins/index.js";
import {
  type BundleFigures,
  type ErrorFigures,
  type FailureReason,
  type GatewayFigures,
  type IsolateFigures,
  type PluginFigures,
  type ProcessFigures,
  quantileOf,
  type ServerFigures,
} from "../../core/telemetry/index.js";
import { keyOf, NO_CALLS, type Pace, sampleOf } from "./plugin-sample.js";

export type ServerState = "loading" | "serving" | "draining";

export interface StatusReport {
  readonly at: number;
  readonly state: ServerState;
  /** Where gateways reach it. */
  readonly listening: readonly string[];
  readonly log: { readonly level: string; readonly plugins: Readonly<Record<string, string>> };
  readonly process: ProcessFigures;
  readonly gateways: readonly GatewayFigures[];
  readonly plugins: readonly PluginStatus[];
  /** The plugins that do not load. */
  readonly problems: readonly PluginProblemStatus[];
  /** Where plugins come in bundles: which ones are here. */
  readonly bundles?: BundleFigures | undefined;
}

export interface PluginProblemStatus {
  readonly plugin: string;
  readonly path: string;
  readonly reason: string;
}

/** Rates and quantiles are those of the last ten seconds; `total` is since the server began. */
export interface PluginStatus extends Omit<PluginFigures, "lastErrors">, Pace {
  readonly running: number;
  readonly total: {
    readonly calls: number;
    readonly failures: Readonly<Record<FailureReason, number>>;
    readonly p50: number | undefined;
    readonly p99: number | undefined;
  };
  readonly isolates: readonly Omit<IsolateFigures, "gateway" | "plugin">[];
  /** Of all of its isolates. */
  readonly memory: number | undefined;
  /** Isolates that died, and those that were replaced as they came near their limit of memory. */
  readonly restarts: number;
  readonly lastError: ErrorFigures | undefined;
}

export interface ReportParts extends Pick<StatusReport, "state" | "listening" | "log"> {
  readonly figures: ServerFigures;
  readonly problems: readonly PluginProblem[];
  readonly paceOf: (key: string) => Pace;
}

export function reportOf({ state, listening, log, figures, problems, paceOf }: ReportParts): StatusReport {
  const { plugins } = sampleOf(figures);
  return {
    at: figures.at,
    state,
    listening,
    log,
    process: figures.process,
    gateways: figures.gateways,
    plugins: figures.plugins.map(({ lastErrors: [lastError], ...plugin }) => {
      const key = keyOf(plugin.gateway, plugin.plugin);
      const { calls, failures, running, duration, memory } = plugins.get(key) ?? NO_CALLS;
      return {
        ...plugin,
        ...paceOf(key),
        running,
        total: { calls, failures, p50: quantileOf(duration, 0.5), p99: quantileOf(duration, 0.99) },
        isolates: isolatesOf(figures, plugin),
        memory,
        restarts: Object.values(plugin.deaths).reduce((sum, deaths) => sum + deaths, plugin.recycles),
        lastError,
      };
    }),
    problems: problems.map(({ name, path, reason }) => ({ plugin: name, path, reason })),
    bundles: figures.bundles,
  };
}

const isolatesOf = (
  { isolates }: ServerFigures,
  { gateway, plugin }: Pick<PluginFigures, "gateway" | "plugin">,
): PluginStatus["isolates"] =>
  isolates.flatMap(({ gateway: itsGateway, plugin: itsPlugin, ...isolate }) =>
    itsGateway === gateway && itsPlugin === plugin ? [isolate] : [],
  );
