// Writes the results as text: one table per scenario, then the targets, then what is to be doubted.
import { type BenchResults, type ColdResult, disturbance, type OnceResult, type Row, type ScenarioResult } from "./results.js";
import { type Summary, summary } from "./statistics.js";
import { isMet, TARGETS } from "./targets.js";

const MB = 2 ** 20;
/** Shares of one processor that others may use, and the load generator of its own. */
const QUIET = 0.1;
const BUSY_GENERATOR = 0.9;
const QUIET_LOAD = 0.5;

const digits = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString("en") : value >= 10 ? value.toFixed(1) : value.toFixed(2);
const range = ({ median, min, max }: Summary): string => `${digits(median)} (${digits(min)}–${digits(max)})`;
const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** Columns as wide as their widest cell; all but the first `left` stand to the right. */
function table(rows: readonly (readonly string[])[], left: number): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i < left ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ");
  return rows.map((row) => `  ${line(row).trimEnd()}\n`).join("");
}

const HEAD = [
  "at a time",
  "server",
  "phases/s",
  "calls/s",
  "p50 ms",
  "p90",
  "p99",
  "p99.9",
  "max",
  "CPU µs/phase",
  "wake-ups",
  "MB",
  "load gen.",
];

function cells({ at, burners, peer, metrics }: Row): string[] {
  const { phasesPerSecond, callsPerSecond, p50, p90, p99, p999, max, cpuPerPhase, wakeUpsPerPhase, memory, generatorCpu } =
    metrics;
  return [
    burners === 0 ? String(at) : `${at}, ${burners} burning`,
    peer,
    range(phasesPerSecond),
    digits(callsPerSecond.median),
    range(p50),
    ...[p90, p99, p999, max].map(({ median }) => digits(median)),
    range(cpuPerPhase),
    digits(wakeUpsPerPhase.median),
    digits(memory.median / MB),
    percent(generatorCpu.median),
  ];
}

export function scenarioTable({ name, question, rows, idleMemory, plugins }: ScenarioResult): string {
  const sorted = [...rows].sort((a, b) => a.at - b.at || a.burners - b.burners);
  const idle = Object.entries(idleMemory).map(([peer, bytes]) => `${peer} ${digits(bytes / MB)} MB`);
  const note = plugins === 1 ? "" : `  before any instance: ${idle.join(", ")}\n`;
  return `\n${name}: ${question}\n${table([HEAD, ...sorted.map(cells)], 2)}${note}`;
}

const ownShare = (share = 0): string => `  the harness itself used ${percent(share)} of a processor\n`;

export function coldTable(cold: readonly ColdResult[], ownCpu: number | undefined): string {
  if (cold.length === 0) return "";
  const rows = cold.map(({ what, plugin, plugins, peer, time }) => [what, `${plugins} × ${plugin}`, peer, range(time)]);
  return `\ncold: what happens once\n${table([["what", "plugins", "server", "ms"], ...rows], 3)}${ownShare(ownCpu)}`;
}

/** Where the start of Node.js is among them, each stands as a multiple of it too. */
export function onceTable(title: string, found: readonly OnceResult[], ownCpu: number | undefined): string {
  if (found.length === 0) return "";
  const base = found.find(({ peer }) => peer === "node -e 0")?.time.median;
  const rows = found.map(({ peer, what, time }) => [
    what,
    peer,
    range(time),
    base === undefined ? "" : digits(time.median / base),
  ]);
  return `\n${title}\n${table([["what", "server", "ms", base === undefined ? "" : "× node"], ...rows], 2)}${ownShare(ownCpu)}`;
}

export function targetTable(results: BenchResults): string {
  const rows = TARGETS.map((target) => {
    const value = target.value(results);
    const verdict = value === undefined ? "not measured" : isMet(target, value) ? "met" : "MISSED";
    return [target.what, `${target.bound} ${target.limit}`, value === undefined ? "–" : digits(value), verdict];
  });
  return `\ntargets\n${table([["ratio, median of the rounds", "wanted", "here", ""], ...rows], 2)}`;
}

/** The figures beside those of another checkout; undefined where none was measured. */
export function regressionTable({ scenarios }: BenchResults): string | undefined {
  const rows = scenarios.flatMap(({ name, rows: all }) =>
    all
      .filter(({ peer }) => peer === "base")
      .map((base) => {
        const now = all.find((row) => row.peer === "isolates" && row.at === base.at && row.burners === base.burners);
        const [before, after] = [base.metrics.cpuPerPhase, now?.metrics.cpuPerPhase];
        return [
          `${name}, ${base.at}`,
          range(before),
          after === undefined ? "–" : range(after),
          after === undefined ? "" : change(before, after),
        ];
      }),
  );
  return rows.length === 0 ? undefined : `\nCPU µs per phase\n${table([["", "base", "here", "change"], ...rows], 1)}`;
}

const change = (before: Summary, after: Summary): string => {
  const share = after.median / before.median - 1;
  return `${share >= 0 ? "+" : ""}${(share * 100).toFixed(1)} %`;
};

export function headline({ machine, commit, started, mode, rounds }: BenchResults): string {
  const { cpu, cores, memory, system, node } = machine;
  return `${cpu}, ${cores} processors, ${Math.round(memory / 2 ** 30)} GB, ${system}; Node.js ${node}; commit ${commit}; ${started}; ${mode}, ${rounds} rounds, medians (minimum–maximum)\n`;
}

/** Reasons to doubt the figures. */
export function warnings(results: BenchResults): string[] {
  const found: string[] = [];
  const shares = disturbance(results);
  const { median, max } = shares.length === 0 ? { median: 0, max: 0 } : summary(shares);
  if (median > QUIET || results.machine.load > QUIET_LOAD)
    found.push(
      `the machine was not quiet: other processes used ${percent(median)} of a processor (at most ${percent(max)}), and the load was ${digits(results.machine.load)} before the run`,
    );
  const busy = results.scenarios.flatMap(({ name, rows }) =>
    rows.filter(({ metrics }) => metrics.generatorCpu.median > BUSY_GENERATOR).map(({ peer, at }) => `${name}, ${at}, ${peer}`),
  );
  if (busy.length > 0) found.push(`the load generator may be the bottleneck: it used its whole processor at ${busy.join("; ")}`);
  return found;
}
