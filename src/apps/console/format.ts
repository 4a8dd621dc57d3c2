// Writes figures as people read them in a column: durations, sizes, ages, rates.

const NONE = "-";

/** Seconds: `840µs`, `1.2ms`, `350ms`, `2.5s`. */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined) return NONE;
  if (seconds < 0.001) return `${Math.round(seconds * 1e6)}µs`;
  if (seconds < 0.01) return `${(seconds * 1000).toFixed(1)}ms`;
  return seconds < 1 ? `${Math.round(seconds * 1000)}ms` : `${seconds.toFixed(1)}s`;
}

/** Milliseconds: `12s`, `3m05s`, `4h12m`, `6d03h`. */
export function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3600), Math.floor(seconds / 86_400)];
  const two = (value: number): string => String(value).padStart(2, "0");
  if (minutes === 0) return `${seconds}s`;
  if (hours === 0) return `${minutes}m${two(seconds % 60)}s`;
  return days === 0 ? `${hours}h${two(minutes % 60)}m` : `${days}d${two(hours % 24)}h`;
}

export const megabytes = (bytes: number | undefined): string => (bytes === undefined ? NONE : `${Math.round(bytes / 2 ** 20)}M`);

/** Per second: `0`, `0.2`, `48`, `12,300`. */
export function rate(perSecond: number): string {
  if (perSecond === 0) return "0";
  return perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond).toLocaleString("en-US");
}

/** Of today by its clock alone. */
export function moment(at: number, now: number): string {
  const time = new Date(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  return time.toDateString() === new Date(now).toDateString()
    ? clock
    : `${two(time.getMonth() + 1)}-${two(time.getDate())} ${clock}`;
}

/** Rows of cells as lines, with each column as wide as its widest cell. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
