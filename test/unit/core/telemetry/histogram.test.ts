// Quantiles come out of the buckets as they went in, whichever durations there were.
import fc from "fast-check";
import { expect, it } from "vitest";
import {
  bucketOf,
  BUCKETS,
  type Histogram,
  histogramSince,
  mergeHistograms,
  NO_DURATIONS,
  quantileOf,
  upperBound,
} from "../../../../src/core/telemetry/index.js";

function histogramOf(durations: readonly number[]): Histogram {
  const buckets = new Float64Array(BUCKETS);
  for (const duration of durations) buckets[bucketOf(duration)] = (buckets[bucketOf(duration)] ?? 0) + 1;
  return { count: durations.length, sum: durations.reduce((sum, duration) => sum + duration, 0), buckets };
}

it("puts a duration between the bounds of its bucket", () => {
  fc.assert(
    fc.property(fc.double({ min: 2e-6, max: 120, noNaN: true }), (seconds) => {
      const bucket = bucketOf(seconds);
      expect(seconds).toBeLessThanOrEqual(upperBound(bucket) * (1 + 1e-12));
      expect(seconds).toBeGreaterThan(upperBound(bucket - 1) * (1 - 1e-12));
    }),
  );
});

it.each([0, -1, NaN, 1e-9, 2 ** -20])("counts %s in the first bucket", (seconds) => {
  expect(bucketOf(seconds)).toBe(0);
});

it("counts what takes longer than any bound in the last bucket", () => {
  expect([bucketOf(129), bucketOf(Infinity)]).toEqual([BUCKETS - 1, BUCKETS - 1]);
  expect(upperBound(BUCKETS - 1)).toBe(Infinity);
  expect(upperBound(BUCKETS - 2)).toBe(128);
});

it("gives each quantile within 2.2 % of the duration of that rank", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 2e-6, max: 120, noNaN: true }), { minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (durations, quantile) => {
        const sorted = [...durations].sort((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(quantile * sorted.length)) - 1] ?? 0;
        const given = quantileOf(histogramOf(durations), quantile) ?? 0;
        expect(Math.abs(given / exact - 1)).toBeLessThan(0.022);
      },
    ),
  );
});

it("merges histograms as if one had counted everything, and gives back what came between two looks", () => {
  const [early, late] = [histogramOf([0.25, 0.5]), histogramOf([2, 2, 64])];
  const both = mergeHistograms([early, late]);
  expect(both).toEqual(histogramOf([0.25, 0.5, 2, 2, 64]));
  const between = histogramSince(both, early);
  expect([between.count, between.buckets]).toEqual([late.count, late.buckets]);
  expect(histogramSince(early, both)).toBe(early);
});

it("has no quantile where nothing was counted", () => {
  expect(quantileOf(NO_DURATIONS, 0.5)).toBeUndefined();
});
