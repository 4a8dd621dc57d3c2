// Owns the shape of every histogram of durations: exponential buckets that can be merged, subtracted and asked for quantiles.

/**
 * Durations as they were counted. Bucket 0 holds what took 2^-20 s (about 1 µs) or less; bucket `i` holds what took more than
 * {@link upperBound}`(i - 1)` and at most `upperBound(i)`; the last one holds all that took more than 128 s. Sixteen buckets for each
 * doubling: a quantile is off by 2.2 % at most.
 */
export interface Histogram {
  readonly count: number;
  /** Of all durations, in seconds. */
  readonly sum: number;
  /** How many durations each bucket holds; there are always {@link BUCKETS}. */
  readonly buckets: ArrayLike<number>;
}

/** Buckets for each doubling of a duration: the scale 4 of OpenTelemetry's exponential histograms. */
export const SCALE = 4;
const PER_DOUBLING = 2 ** SCALE;
const LOWEST_EXPONENT = -20;
const HIGHEST_EXPONENT = 7;
const OFFSET = -LOWEST_EXPONENT * PER_DOUBLING;
const LOWEST = 2 ** LOWEST_EXPONENT;

/** How many buckets a histogram has, with the first and the last, which have one bound alone. */
export const BUCKETS = (HIGHEST_EXPONENT - LOWEST_EXPONENT) * PER_DOUBLING + 2;

/** The bucket of a duration in seconds. */
export function bucketOf(seconds: number): number {
  // Also what is no number.
  if (!(seconds > LOWEST)) return 0;
  const bucket = Math.ceil(Math.log2(seconds) * PER_DOUBLING) + OFFSET;
  return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

/** The longest duration that a bucket holds, in seconds; infinite for the last. */
export const upperBound = (bucket: number): number =>
  bucket >= BUCKETS - 1 ? Infinity : 2 ** ((bucket - OFFSET) / PER_DOUBLING);

export const NO_DURATIONS: Histogram = { count: 0, sum: 0, buckets: new Float64Array(BUCKETS) };

export function mergeHistograms(histograms: readonly Histogram[]): Histogram {
  const buckets = new Float64Array(BUCKETS);
  let count = 0;
  let sum = 0;
  for (const histogram of histograms) {
    count += histogram.count;
    sum += histogram.sum;
    for (let i = 0; i < BUCKETS; i += 1) buckets[i] = (buckets[i] ?? 0) + (histogram.buckets[i] ?? 0);
  }
  return { count, sum, buckets };
}

/** What was counted between two looks at one histogram; all of the later where it was begun anew in between. */
export function histogramSince(later: Histogram, earlier: Histogram): Histogram {
  if (later.count < earlier.count) return later;
  const buckets = Float64Array.from({ length: BUCKETS }, (_, i) => (later.buckets[i] ?? 0) - (earlier.buckets[i] ?? 0));
  return { count: later.count - earlier.count, sum: later.sum - earlier.sum, buckets };
}

/** The duration, in seconds, that the part `quantile` (0 to 1) did not exceed; undefined where nothing was counted. */
export function quantileOf({ buckets }: Histogram, quantile: number): number | undefined {
  let count = 0;
  for (let i = 0; i < BUCKETS; i += 1) count += buckets[i] ?? 0;
  if (count === 0) return undefined;
  const rank = Math.max(1, Math.ceil(quantile * count));
  let seen = 0;
  let bucket = 0;
  while (bucket < BUCKETS - 1 && (seen += buckets[bucket] ?? 0) < rank) bucket += 1;
  return middleOf(bucket);
}

/** The geometric middle: what is in a bucket is off by as much on either side. */
function middleOf(bucket: number): number {
  if (bucket === 0) return LOWEST;
  return 2 ** ((Math.min(bucket, BUCKETS - 1) - 0.5 - OFFSET) / PER_DOUBLING);
}
