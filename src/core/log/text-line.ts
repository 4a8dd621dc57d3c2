// Turns one line of the JSON log into one line of text for people.

const NAMES: Readonly<Record<number, string>> = { 10: "TRACE", 20: "DEBUG", 30: "INFO", 40: "WARN", 50: "ERROR", 60: "FATAL" };
const COLORS: Readonly<Record<string, number>> = { TRACE: 90, DEBUG: 34, INFO: 32, WARN: 33, ERROR: 31, FATAL: 41 };

/** Fields that the rest of the line says already. */
const SAID: ReadonlySet<string> = new Set(["level", "time", "msg", "plugin"]);

/**
 * What ends a line, or does something to a terminal or to the order of what it shows: control characters, the separators of
 * lines and paragraphs, and the marks of the direction of text.
 */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Writes what may forge or break a line as JSON does: `\n`, `\u001b`. */
export const escapeUnsafe = (text: string): string => text.replace(UNSAFE, escaped);

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escaped(character: string): string {
  return SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** `[2026-11-30 07:14:26.123] ERROR: [hello] plugin failed {"function":"access"}`, with its line feed. */
export function textLine(json: string, colors: boolean): string {
  const entry = JSON.parse(json) as Readonly<Record<string, unknown>>;
  const name = NAMES[Number(entry["level"])] ?? "INFO";
  const level = colors ? `\u001b[${COLORS[name] ?? 0}m${name}\u001b[0m` : name;
  const said = withPlugin(entry["plugin"], typeof entry["msg"] === "string" ? entry["msg"] : "");
  const rest = Object.entries(entry)
    .filter(([field]) => !SAID.has(field))
    .map(([field, value]) => [field, field === "err" ? withoutMessage(value, said) : value] as const);
  const fields = rest.length === 0 ? "" : ` ${escapeUnsafe(JSON.stringify(Object.fromEntries(rest)))}`;
  return `[${localTime(Number(entry["time"]))}] ${level}: ${escapeUnsafe(said)}${fields}\n`;
}

/** A gateway may say of all lines that they are of one plugin: each begins with the one that it is about. */
function withPlugin(plugin: unknown, text: string): string {
  if (typeof plugin !== "string") return text;
  const mark = `[${plugin}] `;
  return text.startsWith(mark) ? text : mark + text;
}

/** Most lines about an error end with what it says. */
function withoutMessage(error: unknown, line: string): unknown {
  if (typeof error !== "object" || error === null || !("message" in error)) return error;
  const { message, ...rest } = error;
  return line.includes(String(message)) ? rest : error;
}

function localTime(milliseconds: number): string {
  const time = new Date(milliseconds);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  return `${day} ${clock}.${String(time.getMilliseconds()).padStart(3, "0")}`;
}
