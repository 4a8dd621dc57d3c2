// Writes the flags of a program as Go's `flag` package does.
import type { Flag, FlagKind } from "./flag.js";
import { PROGRAM_FLAGS } from "./tables/table.js";

const TYPES: Readonly<Partial<Record<FlagKind, string>>> = { count: "int", duration: "duration", size: "size", mode: "mode" };

export function usageText(program: string): string {
  const sorted = [...PROGRAM_FLAGS].sort((a, b) => (a.name < b.name ? -1 : 1));
  return `Usage of ${program}:\n${sorted.map(describe).join("")}`;
}

function describe({ name, kind, help, default: value }: Flag): string {
  const type = TYPES[kind] ?? "string";
  const standard = value === undefined ? "" : ` (default ${type === "string" ? JSON.stringify(value) : value})`;
  return `  -${name}${kind === "switch" ? "" : ` ${type}`}\n    \t${sentence(help)}${standard}\n`;
}

function sentence(help: string): string {
  const text = help.replaceAll("`", "");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
