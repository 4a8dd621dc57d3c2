// Remembers, for each function and range of durations, one recent call that was traced: OpenMetrics names it beside its bucket.
import type { TracedCall } from "../../../core/telemetry/index.js";
import type { Labels } from "./metric.js";

export interface Exemplars {
  /** What stands behind a bucket's value: empty where there is none. Its bounds are in seconds. */
  textOf(metric: string, labels: Labels, above: number, upTo: number): string;
}

export const NO_EXEMPLARS: Exemplars = { textOf: () => "" };

interface Traced {
  readonly traceId: string;
  readonly spanId: string;
  /** Seconds. */
  readonly duration: number;
  /** Unix time in seconds. */
  readonly at: number;
}

const MILLISECONDS = 1000;

/** Of each function; the newest of a range takes the place of the one before. */
const MAX_RANGES = 64;

export class TracedCalls implements Exemplars {
  readonly #byFunction = new Map<string, Map<number, Traced>>();

  /** A call that is in a trace has ended. */
  note({ gateway, plugin, function: name, traceId, spanId, duration: milliseconds, startedAt }: TracedCall): void {
    const key = keyOf({ gateway, plugin, function: name });
    const duration = milliseconds / MILLISECONDS;
    const traced = { traceId, spanId, duration, at: (startedAt + milliseconds) / MILLISECONDS };
    const known = this.#byFunction.get(key) ?? new Map<number, Traced>();
    this.#byFunction.set(key, known);
    const range = Math.round(Math.log2(Math.max(traced.duration, 1e-6)) * 2);
    if (known.size < MAX_RANGES || known.has(range)) known.set(range, traced);
  }

  textOf(metric: string, labels: Labels, above: number, upTo: number): string {
    if (metric !== "pluginserver.call.duration") return "";
    const known = this.#byFunction.get(keyOf(labels));
    if (known === undefined) return "";
    for (const { traceId, spanId, duration, at } of known.values())
      if (duration > above && duration <= upTo)
        return ` # {trace_id="${traceId}",span_id="${spanId}"} ${duration} ${at.toFixed(3)}`;
    return "";
  }
}

const keyOf = ({ gateway = "", plugin = "", function: name = "" }: Labels): string => `${gateway} ${plugin} ${name}`;
