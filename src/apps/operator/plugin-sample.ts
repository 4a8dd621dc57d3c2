// Cuts a server's figures down to what rates and quantiles of its plugins are made of.
import {
  FAILURE_REASONS,
  type FailureReason,
  type Histogram,
  histogramSince,
  mergeHistograms,
  NO_DURATIONS,
  quantileOf,
  type ServerFigures,
} from "../../core/telemetry/index.js";

/** What one plugin had counted at a moment. */
export interface PluginSample {
  readonly calls: number;
  readonly failures: Readonly<Record<FailureReason, number>>;
  readonly failed: number;
  readonly running: number;
  readonly duration: Histogram;
  /** Bytes that its isolates hold; undefined where it has none, or they have not told. */
  readonly memory: number | undefined;
}

export interface Sample {
  /** Unix time in milliseconds. */
  readonly at: number;
  /** By {@link keyOf}. */
  readonly plugins: ReadonlyMap<string, PluginSample>;
}

/** How a plugin did between two samples. Durations in seconds; undefined where no call ended. */
export interface Pace {
  readonly callsPerSecond: number;
  readonly failuresPerSecond: number;
  readonly p50: number | undefined;
  readonly p99: number | undefined;
}

const NO_PACE: Pace = { callsPerSecond: 0, failuresPerSecond: 0, p50: undefined, p99: undefined };

export const keyOf = (gateway: string, plugin: string): string => `${gateway}/${plugin}`;

export const NO_CALLS: PluginSample = {
  calls: 0,
  failures: Object.fromEntries(FAILURE_REASONS.map((reason) => [reason, 0])) as Record<FailureReason, number>,
  failed: 0,
  running: 0,
  duration: NO_DURATIONS,
  memory: undefined,
};

export function sampleOf({ at, plugins, functions, isolates }: ServerFigures): Sample {
  // Most of many plugins have nothing to tell: what there is is looked through once, not once for each of them.
  const called = byPlugin(functions.filter(({ calls, running }) => calls + running > 0));
  const living = byPlugin(isolates);
  const samples = plugins.map(({ gateway, plugin }): [string, PluginSample] => {
    const key = keyOf(gateway, plugin);
    const [own, ownIsolates] = [called.get(key), living.get(key)];
    return [key, own === undefined && ownIsolates === undefined ? NO_CALLS : pluginSample(own ?? [], ownIsolates ?? [])];
  });
  return { at, plugins: new Map(samples) };
}

function byPlugin<Item extends { readonly gateway: string; readonly plugin: string }>(
  items: readonly Item[],
): ReadonlyMap<string, readonly Item[]> {
  const found = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item.gateway, item.plugin);
    const others = found.get(key);
    if (others === undefined) found.set(key, [item]);
    else others.push(item);
  }
  return found;
}

function pluginSample(own: ServerFigures["functions"], isolates: ServerFigures["isolates"]): PluginSample {
  const sum = (value: (each: (typeof own)[number]) => number): number => own.reduce((total, each) => total + value(each), 0);
  const failures = Object.fromEntries(FAILURE_REASONS.map((reason) => [reason, sum((each) => each.failures[reason])])) as Record<
    FailureReason,
    number
  >;
  const memories = isolates.flatMap(({ heapBytes, externalBytes = 0 }) =>
    heapBytes === undefined ? [] : [heapBytes + externalBytes],
  );
  return {
    calls: sum(({ calls }) => calls),
    failures,
    failed: Object.values(failures).reduce((total, each) => total + each, 0),
    running: sum(({ running }) => running),
    duration: mergeHistograms(own.map(({ duration }) => duration)),
    memory: memories.length === 0 ? undefined : memories.reduce((total, each) => total + each, 0),
  };
}

/** From one sample to a later one. */
export function paceBetween(earlier: Sample, later: Sample, key: string): Pace {
  const before = earlier.plugins.get(key) ?? NO_CALLS;
  const now = later.plugins.get(key) ?? NO_CALLS;
  // One that counted nothing is the same in both.
  if (now === NO_CALLS) return NO_PACE;
  const seconds = Math.max(0.001, (later.at - earlier.at) / 1000);
  const rate = (from: number, to: number): number => Math.max(0, to - from) / seconds;
  const duration = histogramSince(now.duration, before.duration);
  return {
    callsPerSecond: rate(before.calls, now.calls),
    failuresPerSecond: rate(before.failed, now.failed),
    p50: quantileOf(duration, 0.5),
    p99: quantileOf(duration, 0.99),
  };
}
