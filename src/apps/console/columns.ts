// Owns the columns of the table of plugins: what stands in each, by what it is sorted, and what in it is wrong.
import type { PluginStatus } from "../operator/index.js";
import { age, duration, megabytes, moment, rate } from "./format.js";

export interface Cell {
  readonly text: string;
  /** It is to be seen at once. */
  readonly isWrong: boolean;
}

export interface Column {
  readonly title: string;
  /** Sorts by it where keys are read. */
  readonly key: string;
  readonly align: "left" | "right";
  cell(plugin: PluginStatus, now: number): Cell;
  /** Texts sort upwards, numbers downwards. */
  sortBy(plugin: PluginStatus): string | number;
}

/** Milliseconds for which an error stays to be seen at once. */
const FRESH = 60_000;
/** Of its limit an isolate is replaced from this part on. */
const HEAVY = 0.8;

const plain = (text: string): Cell => ({ text, isWrong: false });

function isolateStates({ isolates }: PluginStatus): string {
  const counts = new Map<string, number>();
  for (const { state } of isolates) counts.set(state, (counts.get(state) ?? 0) + 1);
  return counts.size === 0 ? "none" : [...counts].map(([state, count]) => `${count} ${state}`).join(", ");
}

const limitOf = ({ isolates }: PluginStatus): number => isolates.reduce((sum, { limitBytes }) => sum + limitBytes, 0);

export const BY_NAME: Column = {
  title: "PLUGIN",
  key: "n",
  align: "left",
  cell: ({ plugin }) => plain(plugin),
  sortBy: ({ plugin }) => plugin,
};

export const COLUMNS: readonly Column[] = [
  BY_NAME,
  {
    title: "VERSION",
    key: "v",
    align: "left",
    cell: ({ version }) => plain(version),
    sortBy: ({ version }) => version,
  },
  {
    title: "GEN",
    key: "g",
    align: "right",
    cell: ({ generation, failedReloads }) => ({ text: String(generation), isWrong: failedReloads > 0 }),
    sortBy: ({ generation }) => generation,
  },
  {
    title: "AGE",
    key: "a",
    align: "right",
    cell: ({ loadedSince }, now) => plain(age(now - loadedSince)),
    sortBy: ({ loadedSince }) => -loadedSince,
  },
  {
    title: "GATEWAY",
    key: "w",
    align: "left",
    cell: ({ gateway }) => plain(gateway),
    sortBy: ({ gateway }) => gateway,
  },
  {
    title: "BINDINGS",
    key: "b",
    align: "right",
    cell: ({ bindings, sleepingBindings }) =>
      plain(sleepingBindings === 0 ? String(bindings) : `${bindings}+${sleepingBindings}`),
    sortBy: ({ bindings }) => bindings,
  },
  {
    title: "CALLS/S",
    key: "c",
    align: "right",
    cell: ({ callsPerSecond }) => plain(rate(callsPerSecond)),
    sortBy: ({ callsPerSecond }) => callsPerSecond,
  },
  {
    title: "P50",
    key: "5",
    align: "right",
    cell: ({ p50 }) => plain(duration(p50)),
    sortBy: ({ p50 }) => p50 ?? -1,
  },
  {
    title: "P99",
    key: "9",
    align: "right",
    cell: ({ p99 }) => plain(duration(p99)),
    sortBy: ({ p99 }) => p99 ?? -1,
  },
  {
    title: "FAIL/S",
    key: "f",
    align: "right",
    cell: ({ failuresPerSecond }) => ({ text: rate(failuresPerSecond), isWrong: failuresPerSecond > 0 }),
    sortBy: ({ failuresPerSecond }) => failuresPerSecond,
  },
  {
    title: "ISOLATES",
    key: "i",
    align: "left",
    cell: (plugin) => ({ text: isolateStates(plugin), isWrong: plugin.isolates.length === 0 && plugin.restarts > 0 }),
    sortBy: ({ isolates }) => isolates.length,
  },
  {
    title: "MEMORY",
    key: "m",
    align: "right",
    cell: (plugin) => ({ text: megabytes(plugin.memory), isWrong: (plugin.memory ?? 0) > limitOf(plugin) * HEAVY }),
    sortBy: ({ memory }) => memory ?? -1,
  },
  {
    title: "RESTARTS",
    key: "s",
    align: "right",
    cell: ({ restarts }) => ({ text: String(restarts), isWrong: restarts > 0 }),
    sortBy: ({ restarts }) => restarts,
  },
  {
    title: "LAST ERROR",
    key: "e",
    align: "left",
    cell: ({ lastError }, now) => {
      if (lastError === undefined) return plain("-");
      const { at, function: name, reason, message } = lastError;
      const where = name === undefined ? reason : `${name} ${reason}`;
      return { text: `${moment(at, now)} ${where}: ${message}`, isWrong: now - at < FRESH };
    },
    sortBy: ({ lastError }) => lastError?.at ?? 0,
  },
];

export interface Sorting {
  readonly column: Column;
  readonly isReversed: boolean;
}

/** By the column, and by name where that is the same. */
export function sorted(plugins: readonly PluginStatus[], { column, isReversed }: Sorting): PluginStatus[] {
  const order = (a: PluginStatus, b: PluginStatus): number => {
    const [left, right] = [column.sortBy(a), column.sortBy(b)];
    if (left === right) return a.plugin < b.plugin ? -1 : 1;
    const isBefore = typeof left === "number" && typeof right === "number" ? left > right : left < right;
    return isBefore === isReversed ? 1 : -1;
  };
  return [...plugins].sort(order);
}
