// What a whole run of the benchmarks found: the JSON file, and what table, plot and targets are made of.
import type { RunResult } from "../load/measurement.js";
import type { LoadCase } from "../workloads/index.js";
import type { Machine } from "./machine.js";
import type { Mode } from "./options.js";
import type { Summaries, Summary } from "./statistics.js";

/** One server in one case of a scenario. */
export interface Row extends LoadCase {
  readonly peer: string;
  readonly metrics: Summaries;
  readonly runs: readonly RunResult[];
}

export interface ScenarioResult {
  readonly name: string;
  readonly question: string;
  readonly plugins: number;
  /** Bytes that each server used before it had any instance. */
  readonly idleMemory: Readonly<Record<string, number>>;
  readonly rows: readonly Row[];
}

/** Milliseconds that something took which happens once. */
export interface ColdResult {
  readonly peer: string;
  readonly what: "dump" | "first answer";
  readonly plugin: string;
  readonly plugins: number;
  readonly time: Summary;
}

/** What happens once, in milliseconds where `what` says nothing else. */
export interface OnceResult {
  readonly peer: string;
  readonly what: string;
  readonly time: Summary;
}

export interface BenchResults {
  readonly mode: Mode;
  readonly started: string;
  readonly commit: string;
  readonly machine: Machine;
  readonly rounds: number;
  readonly scenarios: readonly ScenarioResult[];
  readonly cold: readonly ColdResult[];
  readonly start: readonly OnceResult[];
  readonly scale: readonly OnceResult[];
  /** CPU of the harness itself while it measured what happens once, in shares of one processor. */
  readonly ownCpu: Readonly<Record<string, number>>;
}

export function findRow({ scenarios }: BenchResults, scenario: string, peer: string, at: number, burners = 0): Row | undefined {
  return scenarios
    .find(({ name }) => name === scenario)
    ?.rows.find((row) => row.peer === peer && row.at === at && row.burners === burners);
}

/** CPU that neither the server nor the load generator used, in shares of one processor. */
export function disturbance({ scenarios }: BenchResults): readonly number[] {
  return scenarios.flatMap(({ rows }) => rows.flatMap(({ runs }) => runs.map(({ otherCpu }) => otherCpu)));
}
