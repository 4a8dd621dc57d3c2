// Lays what is known of one plugin out as lines of text.
import { escapeUnsafe } from "../../core/log/index.js";
import type { PluginDetail } from "../operator/index.js";
import { BY_NAME } from "./columns.js";
import { aligned, age, duration, megabytes, moment } from "./format.js";
import { cut, type Layout, tableLines } from "./status-text.js";

type Now = { readonly now: number };

/** `now` is a Unix time in milliseconds. */
export function pluginLines(detail: PluginDetail, now: number, layout: Omit<Layout, "sorting" | "marksSorting">): string[] {
  const { plugin } = detail;
  const table = tableLines(
    { plugins: [plugin], at: now },
    { ...layout, sorting: { column: BY_NAME, isReversed: false }, marksSorting: false },
  );
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ["functions", functionLines(detail)],
    ["isolates", isolateLines(detail, { now })],
    ["bindings", bindingLines(detail, { now })],
    ["errors, the newest first", errorLines(detail, { now })],
    ["waits for", detail.waitsFor],
  ];
  const lines = sections.flatMap(([title, rows]) => [
    "",
    `${title}:`,
    ...(rows.length === 0 ? ["  none"] : rows.map((row) => `  ${row}`)),
  ]);
  return [...table, ...lines.map((line) => cut(escapeUnsafe(line), layout.width))];
}

function functionLines({ functions }: PluginDetail): string[] {
  const rows = functions.map(({ function: name, calls, running, failures, p50, p99, handlerP50, handlerP99 }) => {
    const failed = Object.entries(failures).filter(([, count]) => count > 0);
    return [
      name,
      String(calls),
      String(running),
      duration(p50),
      duration(p99),
      duration(handlerP50),
      duration(handlerP99),
      failed.map(([reason, count]) => `${count} ${reason}`).join(", ") || "-",
    ];
  });
  return rows.length === 0
    ? []
    : aligned([["FUNCTION", "CALLS", "RUNNING", "P50", "P99", "HANDLER P50", "P99", "FAILURES"], ...rows]);
}

function isolateLines({ plugin }: PluginDetail, { now }: Now): string[] {
  const rows = plugin.isolates.map(
    ({ slot, kind, state, startedAt, running, heapBytes, externalBytes, limitBytes, eventLoopDelay, cpuSeconds }) => [
      String(slot),
      kind,
      state,
      age(now - startedAt),
      String(running),
      `${megabytes(heapBytes)}+${megabytes(externalBytes)} of ${megabytes(limitBytes)}`,
      duration(eventLoopDelay),
      cpuSeconds === undefined ? "-" : `${cpuSeconds.toFixed(1)}s`,
    ],
  );
  return rows.length === 0
    ? []
    : aligned([["SLOT", "KIND", "STATE", "AGE", "RUNNING", "HEAP+EXTERNAL", "LOOP DELAY", "CPU"], ...rows]);
}

function bindingLines({ bindings, moreBindings }: PluginDetail, { now }: Now): string[] {
  const lines = bindings.map(({ id, state, started, generation, error, ids, configuration }) => {
    const facts = [state, `since ${moment(started * 1000, now)}`, ...(generation === "current" ? [] : [`${generation} code`])];
    const place = Object.entries(ids).map(([name, value]) => `${name} ${value}`);
    const why = error === undefined ? "" : `; cannot run: ${error}`;
    return `${id} (${[...facts, ...place].join(", ")}): ${JSON.stringify(configuration ?? null)}${why}`;
  });
  return moreBindings > 0 ? [...lines, `and ${moreBindings} more`] : lines;
}

const errorLines = ({ errors }: PluginDetail, { now }: Now): string[] =>
  errors.map(
    ({ at, function: name, reason, message }) =>
      `${moment(at, now)} ${name === undefined ? "" : `${name} `}${reason}: ${message}`,
  );
