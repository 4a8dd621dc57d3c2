// Lays a server's status out as lines of text: a head, the table of its plugins, and those that do not load.
import { escapeUnsafe } from "../../core/log/index.js";
import type { PluginStatus, StatusReport } from "../operator/index.js";
import { type Cell, type Column, COLUMNS, sorted, type Sorting } from "./columns.js";
import { age, megabytes } from "./format.js";

/** How marked text is shown. */
export interface Style {
  wrong(text: string): string;
  strong(text: string): string;
}

export const PLAIN: Style = { wrong: (text) => text, strong: (text) => text };
export const COLORED: Style = {
  wrong: (text) => `\u001b[31m${text}\u001b[39m`,
  strong: (text) => `\u001b[7m${text}\u001b[27m`,
};

export interface Layout {
  readonly style: Style;
  /** Lines are cut to as many characters. */
  readonly width: number;
  readonly sorting: Sorting;
  /** The column by which it is sorted is marked. */
  readonly marksSorting: boolean;
}

export function headLines({ at, state, process, gateways, listening, log }: StatusReport, { style, width }: Layout): string[] {
  const connections = gateways.map(({ gateway, connections: open, refusedConnections }) => {
    const refused = refusedConnections > 0 ? ` (${refusedConnections} refused)` : "";
    return `${gateway} ${open} connection${open === 1 ? "" : "s"}${refused}`;
  });
  const own = Object.entries(log.plugins).map(([plugin, level]) => `, ${plugin} ${level}`);
  const first = `pluginserver ${process.version}, process ${process.pid}, ${state}, up ${age(at - process.startedAt)}, node ${process.node}`;
  const dropped = process.droppedLogLines > 0 ? `, ${process.droppedLogLines} lines dropped` : "";
  const second = `${listening.join(", ")}; ${connections.join(", ")}; ${megabytes(process.residentBytes)}; log ${log.level}${own.join("")}${dropped}`;
  const [one = "", two = ""] = [first, second].map((line) => cut(escapeUnsafe(line), width));
  return [state === "serving" ? one : style.wrong(one), two];
}

/** The titles, then a line for each plugin. */
export function tableLines({ plugins, at }: Pick<StatusReport, "plugins" | "at">, layout: Layout): string[] {
  const rows = sorted(plugins, layout.sorting).map((plugin) => COLUMNS.map((column) => safeCell(column, plugin, at)));
  const titles = COLUMNS.map(({ title }): Cell => ({ text: title, isWrong: false }));
  const widths = COLUMNS.map((_, index) => Math.max(...[titles, ...rows].map((row) => row[index]?.text.length ?? 0)));
  const marked = layout.marksSorting ? COLUMNS.indexOf(layout.sorting.column) : -1;
  return [rowLine(titles, widths, layout, marked), ...rows.map((row) => rowLine(row, widths, layout, -1))];
}

export function problemLines({ problems }: StatusReport, { style, width }: Layout): string[] {
  return problems.map(({ plugin, reason }) => style.wrong(cut(escapeUnsafe(`plugin ${plugin} does not load: ${reason}`), width)));
}

/** What is here of the bundles, and why that is not what should be. */
export function bundleLines({ bundles, at }: StatusReport, { style, width }: Layout): string[] {
  if (bundles === undefined) return [];
  const { source, served, problems } = bundles;
  const lines = served.map(
    ({ name, version, digest, since }) =>
      `bundle ${name} ${version}, sha256:${digest.slice(0, SHOWN_DIGEST)}, for ${age(at - since)}`,
  );
  const all = lines.length === 0 ? [`no bundles of ${source}`] : lines.map((line) => `${line}, of ${source}`);
  const safe = (line: string): string => cut(escapeUnsafe(line), width);
  return [...all.map(safe), ...problems.map((problem) => style.wrong(safe(problem)))];
}

/** Hex digits. */
const SHOWN_DIGEST = 12;

function safeCell(column: Column, plugin: PluginStatus, now: number): Cell {
  const { text, isWrong } = column.cell(plugin, now);
  return { text: escapeUnsafe(text), isWrong };
}

/** Marks take no room: a cell is cut before it is marked. */
function rowLine(row: readonly Cell[], widths: readonly number[], { style, width }: Layout, marked: number): string {
  let left = width;
  const cells = row.map(({ text, isWrong }, index) => {
    const isLast = index === row.length - 1;
    const full =
      COLUMNS[index]?.align === "right" ? text.padStart(widths[index] ?? 0) : isLast ? text : text.padEnd(widths[index] ?? 0);
    const shown = cut(full, left);
    left = Math.max(0, left - shown.length - GAP.length);
    if (isWrong) return style.wrong(shown);
    return index === marked ? style.strong(shown) : shown;
  });
  return cells
    .filter((cell) => cell !== "")
    .join(GAP)
    .trimEnd();
}

const GAP = "  ";

export const cut = (text: string, width: number): string => {
  if (text.length <= width) return text;
  return width < 1 ? "" : `${text.slice(0, width - 1)}…`;
};
