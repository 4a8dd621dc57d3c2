// Says when an isolate that keeps dying may start again, and, in one line of the log, what its death means.
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import type { CallStart, LogEntry } from "../channel/index.js";
import type { ErrorInfo } from "../model/index.js";

const FIRST_DELAY = 1000;
const MAX_DELAY = 30_000;
/** After this long without a death the past is forgotten, in milliseconds. */
const FORGOTTEN_AFTER = 60_000;
/** How many deaths of isolates that did finish events weigh as much as one of an isolate that did not. */
const PRODUCTIVE_WEIGHT = 1 / 8;

/**
 * The first death costs nothing; each further one a second, then twice as long up to 30 s. An isolate that finished
 * events before it died weighs less: one bad request in many must not shut the others out.
 */
export class Backoff {
  #weight = 0;
  #lastDeath = 0;
  #until = 0;

  /** Counts a death and returns how long to wait, in milliseconds. */
  died(productive: boolean): number {
    const now = performance.now();
    if (now - this.#lastDeath > FORGOTTEN_AFTER) this.#weight = 0;
    this.#lastDeath = now;
    this.#weight += productive ? PRODUCTIVE_WEIGHT : 1;
    const repeats = Math.floor(this.#weight) - 1;
    const delay = repeats <= 0 ? 0 : Math.min(MAX_DELAY, FIRST_DELAY * 2 ** (repeats - 1));
    this.#until = now + delay;
    return delay;
  }

  /** Milliseconds until a start is allowed; 0 where it is. */
  remaining(): number {
    return Math.max(0, this.#until - performance.now());
  }
}

export const startsAgain = (delay: number): string =>
  delay === 0 ? "restarting" : `restarting in ${delay / 1000} s, its calls fail until then`;

const MEGABYTE = 2 ** 20;
const FRAME = /^ +at /;
/** Of a stack: what is Node.js' own, or this server's. It says only who noticed. */
const CORE = fileURLToPath(new URL("..", import.meta.url));
const isOfNobody = (frame: string): boolean =>
  frame.includes("node:") || frame.includes(CORE) || frame.includes("/node_modules/piscina/");

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
