// Keeps copies of the histograms of the last minute, so that quantiles are of now and as exact as the buckets are.
import {
  type FunctionFigures,
  type Histogram,
  histogramSince,
  quantileOf,
  type ServerFigures,
} from "../../../core/telemetry/index.js";
import type { NumberMetric, Point } from "./metric.js";

/** In milliseconds. */
const WINDOW = 60_000;
const STEP = 10_000;
const QUANTILES = [0.5, 0.9, 0.99, 0.999] as const;

export const QUANTILE_METRIC: NumberMetric = {
  name: "pluginserver.call.duration.quantile",
  kind: "gauge",
  unit: "s",
  help: "Quantiles of the durations of calls in the last minute, within 2.2 %",
  labels: ["gateway", "plugin", "function", "quantile"],
  read: () => [],
};

interface Kept {
  readonly at: number;
  readonly histograms: ReadonlyMap<string, Histogram>;
}

export class RecentQuantiles {
  #kept: readonly Kept[];

  /** `startedAt`: the Unix time, in milliseconds, at which nothing had been counted yet. */
  constructor(startedAt: number) {
    this.#kept = [{ at: startedAt, histograms: new Map() }];
  }

  /** Quantiles of what ended in the last minute, or since the server began. */
  read({ at, functions }: ServerFigures): Point<number>[] {
    const [oldest] = this.#kept;
    const points = functions.flatMap((figures) => {
      const before = oldest?.histograms.get(keyOf(figures));
      const recent = before === undefined ? figures.duration : histogramSince(figures.duration, before);
      return recent.count === 0 ? [] : QUANTILES.map((quantile) => pointOf(figures, quantile, recent));
    });
    this.#keep(at, functions);
    return points;
  }

  #keep(at: number, functions: readonly FunctionFigures[]): void {
    if (at - (this.#kept.at(-1)?.at ?? -Infinity) < STEP) return;
    const histograms = new Map(functions.map((figures) => [keyOf(figures), figures.duration]));
    const all = [...this.#kept, { at, histograms }];
    // One that is older than the window stays as its beginning.
    const first = all.findLastIndex((kept) => at - kept.at >= WINDOW);
    this.#kept = all.slice(Math.max(0, first));
  }
}

const keyOf = ({ gateway, plugin, function: name }: FunctionFigures): string => `${gateway} ${plugin} ${name}`;

const pointOf = (
  { gateway, plugin, function: name }: FunctionFigures,
  quantile: number,
  histogram: Histogram,
): Point<number> => ({
  labels: { gateway, plugin, function: name, quantile: String(quantile) },
  value: quantileOf(histogram, quantile) ?? 0,
});
