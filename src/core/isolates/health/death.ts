// Says in one line of the log what the death of an isolate means.
import { fileURLToPath } from "node:url";
import type { CallStart, LogEntry } from "../../channel/index.js";
import type { ErrorInfo } from "../../model/index.js";

const MEGABYTE = 2 ** 20;
const FRAME = /^ +at /;
/** Where the server's files are, beside its package's usual place; in a program made of a plugin it is a folder that says nothing. */
const HERE = fileURLToPath(new URL("../../..", import.meta.url));
/** Of a stack: what is Node.js' own, or this server's. It says only who noticed. A program names the server's files as if they were installed. */
const NOBODYS = [
  "node:",
  "/node_modules/piscina/",
  "/node_modules/pluginserver/",
  ...(/\/(?:dist|src)\/$/.test(HERE) ? [HERE] : []),
];
const isOfNobody = (frame: string): boolean => NOBODYS.some((place) => frame.includes(place));

interface Death {
  readonly why: string;
  readonly next: string;
  /** The calls that fail with it. */
  readonly begun: readonly CallStart[];
  readonly info: ErrorInfo;
}

/** In words of ours where Node.js has a code for it; `limit` in bytes. */
export function causeOfDeath(error: Error, limit: number): string {
  const isMemory = "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
  return isMemory ? `out of memory, its limit is ${Math.round(limit / MEGABYTE)} MB` : error.message;
}

/** The calls that fail are told of here, and nowhere else: it is one fault. */
export function deathEntry(plugin: string, { why, next, begun, info }: Death): LogEntry {
  const lost = begun.length === 0 ? "" : `; ${begun.length} ${begun.length === 1 ? "call" : "calls"} failed`;
  const bindings = new Set(begun.map(({ bindingId }) => bindingId));
  const [bindingId] = bindings.size === 1 ? bindings : [];
  const lines = info.stack.split("\n").filter((line) => !(FRAME.test(line) && isOfNobody(line)));
  return {
    level: "error",
    message: `isolate of plugin ${plugin} died (${why})${lost}; ${next}`,
    ...(bindingId === undefined ? {} : { bindingId }),
    ...(lines.some((line) => FRAME.test(line)) ? { error: { ...info, stack: lines.join("\n") } } : {}),
  };
}
