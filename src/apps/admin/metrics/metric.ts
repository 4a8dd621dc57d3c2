// Says what a metric is: its names in OpenTelemetry and Prometheus, its labels, and how it is read out of the server's figures.
import type { Histogram, ServerFigures } from "../../../core/telemetry/index.js";

export type Labels = Readonly<Record<string, string>>;

/** One value of a metric, with the labels that it is for. */
export interface Point<Value> {
  readonly labels: Labels;
  readonly value: Value;
}

interface Common {
  /** As OpenTelemetry writes it: dots between words, no unit. */
  readonly name: string;
  /** Of UCUM: `s`, `By`, or `{call}` for what is counted. */
  readonly unit: string;
  /** One sentence, for -metrics and the documents. */
  readonly help: string;
  readonly labels: readonly string[];
}

export interface NumberMetric extends Common {
  /** A counter only grows; a gauge is what it is now. */
  readonly kind: "counter" | "gauge";
  readonly read: (figures: ServerFigures) => readonly Point<number | undefined>[];
}

export interface HistogramMetric extends Common {
  readonly kind: "histogram";
  readonly read: (figures: ServerFigures) => readonly Point<Histogram>[];
}

export type Metric = NumberMetric | HistogramMetric;

const UNIT_SUFFIXES: Readonly<Record<string, string>> = { s: "_seconds", By: "_bytes" };

/** What Prometheus calls a metric, without the `_total` of counters: the same as OpenTelemetry's own translation. */
export const familyName = ({ name, unit }: Common): string => name.replaceAll(".", "_") + (UNIT_SUFFIXES[unit] ?? "");

/** The name of its series. */
export const prometheusName = (metric: Metric): string => familyName(metric) + (metric.kind === "counter" ? "_total" : "");
