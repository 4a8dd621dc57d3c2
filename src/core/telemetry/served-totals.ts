// Sums what isolates with sockets of their own tell of the servers that they are.
import { DEATH_REASONS, type DeathReason } from "./figures.js";
import type { ServedSample } from "./isolate-sample.js";

export type ServedTotals = Omit<ServedSample, "isolates">;

type Deaths = ServedSample["deaths"];

export const sumOfDeaths = (all: readonly Deaths[]): Record<DeathReason, number> =>
  Object.fromEntries(DEATH_REASONS.map((reason) => [reason, all.reduce((sum, deaths) => sum + deaths[reason], 0)])) as Record<
    DeathReason,
    number
  >;

export function sumOfServed(all: readonly ServedTotals[]): ServedTotals {
  const total = (value: (served: ServedTotals) => number): number => all.reduce((sum, served) => sum + value(served), 0);
  return {
    connections: total(({ connections }) => connections),
    acceptedConnections: total(({ acceptedConnections }) => acceptedConnections),
    refusedConnections: total(({ refusedConnections }) => refusedConnections),
    droppedLogLines: total(({ droppedLogLines }) => droppedLogLines),
    starts: total(({ starts }) => starts),
    deaths: sumOfDeaths(all.map(({ deaths }) => deaths)),
    recycles: total(({ recycles }) => recycles),
  };
}

export const NOTHING_SERVED = sumOfServed([]);
