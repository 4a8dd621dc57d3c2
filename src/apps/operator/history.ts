// Owns the last 15 minutes of a server: what its plugins did in each ten seconds, and the samples that rates of this moment need.
import type { ServerFigures } from "../../core/telemetry/index.js";
import { type Pace, paceBetween, type Sample, sampleOf } from "./plugin-sample.js";

/** Milliseconds between two samples, and between two points. */
const SAMPLE_INTERVAL = 2000;
const POINT_INTERVAL = 10_000;
const SAMPLES_PER_POINT = POINT_INTERVAL / SAMPLE_INTERVAL;
const KEPT = 15 * 60_000;
const MAX_POINTS = KEPT / POINT_INTERVAL;

/** One plugin in the ten seconds that end at a point. */
export interface PluginPoint extends Pace {
  /** Bytes at the end of them. */
  readonly memory: number | undefined;
}

export interface HistoryPoint {
  /** Unix time in milliseconds. */
  readonly at: number;
  /** By gateway and plugin, `kong/hello`. */
  readonly plugins: ReadonlyMap<string, PluginPoint>;
}

export class History {
  readonly #snapshot: () => ServerFigures;
  readonly #timer: NodeJS.Timeout;
  readonly #points: HistoryPoint[] = [];
  /** The newest last. */
  #samples: Sample[];
  #lastPoint: Sample;
  #taken = 0;

  constructor(snapshot: () => ServerFigures) {
    this.#snapshot = snapshot;
    this.#lastPoint = sampleOf(snapshot());
    this.#samples = [this.#lastPoint];
    this.#timer = setInterval(() => this.#take(), SAMPLE_INTERVAL).unref();
  }

  get points(): readonly HistoryPoint[] {
    return this.#points;
  }

  /** How plugins do now: in the last ten seconds, or since the server began. */
  paceNow(now: Sample): (key: string) => Pace {
    const [oldest = now] = this.#samples;
    return (key) => paceBetween(oldest, now, key);
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #take(): void {
    const sample = sampleOf(this.#snapshot());
    this.#samples = [...this.#samples.slice(1 - SAMPLES_PER_POINT), sample];
    this.#taken += 1;
    if (this.#taken % SAMPLES_PER_POINT === 0) this.#addPoint(sample);
  }

  #addPoint(sample: Sample): void {
    const plugins = [...sample.plugins].map(([key, { memory }]): [string, PluginPoint] => [
      key,
      { ...paceBetween(this.#lastPoint, sample, key), memory },
    ]);
    this.#points.push({ at: sample.at, plugins: new Map(plugins) });
    if (this.#points.length > MAX_POINTS) this.#points.shift();
    this.#lastPoint = sample;
  }
}
