// Reads the table of measured PDK functions (vectors/PDK.md beside the project), where that is there.
import { existsSync, readFileSync } from "node:fs";
import type { Phase } from "../../../../../src/gateways/kong/pdk/index.js";

const file = new URL("../../../../../../shared/vectors/PDK.md", import.meta.url);

/** Names and functions that the recordings call to see what happens, and that are no part of the PDK. */
const BOGUS = new Set(["no.such_function", "request.no_such_function", "table.clear", "configuration.database"]);

export const TAGS = ["2.0.5", "2.2.2", "2.3.3", "2.8.5", "3.1.1", "3.4.2", "3.8.1", "3.9.3"] as const;
export const NEWEST = TAGS.length - 1;

const LETTERS = [
  ["R", "rewrite"],
  ["A", "access"],
  ["S", "response"],
  ["L", "log"],
] as const;

export interface Measured {
  readonly method: string;
  /** Per recorded version, oldest first: the phases that answered; `undefined` where the function is unknown. */
  readonly phases: readonly (ReadonlySet<Phase> | undefined)[];
  /** What the column with the results says. */
  readonly results: string;
}

export const isMeasured = existsSync(file);

/** Every function of the MsgPack:1 table, its rows joined. */
export function readMeasured(): Map<string, Measured> {
  const functions = new Map<string, Measured>();
  if (!isMeasured) return functions;
  const text = readFileSync(file, "utf8");
  const table = text.slice(text.indexOf("## MsgPack:1"), text.indexOf("## ProtoBuf:1"));
  for (const line of table.split("\n")) {
    const [, name = "", , results = ""] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    if (!/^[a-z0-9_.]+\.[a-z0-9_]+$/.test(name) || BOGUS.has(name)) continue;
    const method = `kong.${name}`;
    const before = functions.get(method);
    functions.set(method, {
      method,
      phases: TAGS.map((_tag, index) => joined(before?.phases[index], phasesIn(results, index))),
      results: before === undefined ? results : `${before.results}<br>${results}`,
    });
  }
  return functions;
}

/** The version recorded first that satisfies a condition, e.g. `2.2.2`. */
export function firstTag(
  phases: Measured["phases"],
  test: (phases: ReadonlySet<Phase> | undefined) => boolean,
): string | undefined {
  return TAGS[phases.findIndex(test)];
}

function joined(a: ReadonlySet<Phase> | undefined, b: ReadonlySet<Phase> | undefined): ReadonlySet<Phase> | undefined {
  return a === undefined || b === undefined ? (a ?? b) : new Set([...a, ...b]);
}

function phasesIn(results: string, tag: number): ReadonlySet<Phase> | undefined {
  const part = results.split("<br>").find((range) => covers(range, tag)) ?? "";
  if (part.includes("unknown")) return undefined;
  const letters = /\b([RASL]+):/.exec(part)?.[1] ?? "";
  return new Set(LETTERS.filter(([letter]) => letters.includes(letter)).map(([, phase]) => phase));
}

/** Ranges look like `2.0.5 …`, `2.0.5–2.3.3 …` and `2.8.5– …`; without one, the text is about every version. */
function covers(range: string, tag: number): boolean {
  const [, first, dash, last] = /^(\d+\.\d+\.\d+)(–)?(\d+\.\d+\.\d+)? /.exec(range) ?? [];
  if (first === undefined) return true;
  const from = TAGS.findIndex((name) => name === first);
  const to = last === undefined ? (dash === undefined ? from : NEWEST) : TAGS.findIndex((name) => name === last);
  return from <= tag && tag <= to;
}
