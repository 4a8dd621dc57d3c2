// Writes figures as Prometheus reads them: its text format, and OpenMetrics with exemplars.
import { BUCKETS, type Histogram, SCALE, type ServerFigures, upperBound } from "../../../core/telemetry/index.js";
import { type Exemplars, NO_EXEMPLARS } from "./exemplars.js";
import { familyName, type Labels, type Metric, prometheusName } from "./metric.js";
import { METRICS } from "./metric-table.js";
import { QUANTILE_METRIC, type RecentQuantiles } from "./recent-quantiles.js";

export type TextFormat = "text" | "openmetrics";

export const CONTENT_TYPES: Readonly<Record<TextFormat, string>> = {
  text: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

export interface TextSource {
  readonly figures: ServerFigures;
  readonly quantiles: ReturnType<RecentQuantiles["read"]>;
  readonly exemplars?: Exemplars;
}

/** Of the sixteen buckets of each doubling every fourth bound is told, from 61 µs to 64 s: what queries need, at a fifth of the lines. */
const STEP = 2 ** SCALE / 4;
const PER_DOUBLING = 2 ** SCALE;
const FIRST_BOUND = (20 - 14) * PER_DOUBLING;
const LAST_BOUND = (20 + 6) * PER_DOUBLING;

const BOUNDS = Array.from({ length: (LAST_BOUND - FIRST_BOUND) / STEP + 1 }, (_, index) => FIRST_BOUND + index * STEP);

export function prometheusText(source: TextSource, format: TextFormat): string {
  const lines = METRICS.flatMap((metric) => [...head(metric, format), ...samples(metric, source, format)]);
  lines.push(...head(QUANTILE_METRIC, format));
  for (const { labels, value } of source.quantiles) lines.push(`${familyName(QUANTILE_METRIC)}${labelText(labels)} ${value}`);
  if (format === "openmetrics") lines.push("# EOF");
  return `${lines.join("\n")}\n`;
}

function head(metric: Metric, format: TextFormat): string[] {
  const name = format === "openmetrics" ? familyName(metric) : prometheusName(metric);
  // OpenMetrics takes a unit only where the name ends with it.
  const unit = /_(seconds|bytes)$/.exec(familyName(metric))?.[1];
  return [
    `# HELP ${name} ${escapeHelp(metric.help)}.`,
    `# TYPE ${name} ${metric.kind}`,
    ...(format === "openmetrics" && unit !== undefined ? [`# UNIT ${name} ${unit}`] : []),
  ];
}

function samples(metric: Metric, { figures, exemplars = NO_EXEMPLARS }: TextSource, format: TextFormat): string[] {
  const name = prometheusName(metric);
  if (metric.kind !== "histogram")
    return metric
      .read(figures)
      .flatMap(({ labels, value }) => (value === undefined ? [] : [`${name}${labelText(labels)} ${value}`]));
  return metric.read(figures).flatMap(({ labels, value }) => {
    const exemplarOf = (bound: number, below: number): string =>
      format === "openmetrics" ? exemplars.textOf(metric.name, labels, below, bound) : "";
    return histogramLines(name, labels, value, exemplarOf);
  });
}

function histogramLines(
  name: string,
  labels: Labels,
  { count, sum, buckets }: Histogram,
  exemplarOf: (bound: number, below: number) => string,
): string[] {
  const lines: string[] = [];
  let seen = 0;
  let next = 0;
  let below = 0;
  for (const bound of BOUNDS) {
    for (; next <= bound; next += 1) seen += buckets[next] ?? 0;
    const le = upperBound(bound);
    lines.push(`${name}_bucket${labelText({ ...labels, le: number(le) })} ${seen}${exemplarOf(le, below)}`);
    below = le;
  }
  for (; next < BUCKETS; next += 1) seen += buckets[next] ?? 0;
  // Read while another thread counts, the buckets may be one ahead: these three are to agree.
  const total = Math.max(seen, count);
  lines.push(`${name}_bucket${labelText({ ...labels, le: "+Inf" })} ${total}${exemplarOf(Infinity, below)}`);
  lines.push(`${name}_sum${labelText(labels)} ${sum}`, `${name}_count${labelText(labels)} ${total}`);
  return lines;
}

/** OpenMetrics wants a point in each bound. */
const number = (value: number): string => (Number.isInteger(value) ? `${value}.0` : String(value));

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

const escapeHelp = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");

const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', '\\"');
