// Sums up what several rounds showed.
import type { RunResult } from "../load/measurement.js";

export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function summary(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
  return { median, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN };
}

export type Metric = keyof RunResult;
export type Summaries = Readonly<Record<Metric, Summary>>;

/** Median, minimum and maximum of each metric. */
export function summarize(runs: readonly RunResult[]): Summaries {
  const [first] = runs;
  const metrics = Object.keys(first ?? {}) as Metric[];
  return Object.fromEntries(metrics.map((metric) => [metric, summary(runs.map((run) => run[metric]))])) as Summaries;
}
