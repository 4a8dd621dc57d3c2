// Knows how many file descriptors this process may have open, so that a connection too many is refused with a line in the log.
import { readdirSync, readFileSync } from "node:fs";
import type { Socket } from "node:net";
import type { Logger } from "pino";

/** Left for what is no connection: isolates that start, files, what plugins open. Without any the C library closes connections unseen. */
const RESERVE = 16;

export class Descriptors {
  /** Of this process; infinite where it is not known. */
  readonly limit: number;
  readonly #highest: number;

  constructor() {
    this.limit = readLimit();
    // A limit that hardly suffices for the server itself leaves half of what there is.
    this.#highest = this.limit - Math.min(RESERVE, Math.max(0, Math.ceil((this.limit - inUse()) / 2)));
  }

  /** Whether there are too few left to keep this connection. The system gives the lowest number that is free. */
  areShort(socket: Socket): boolean {
    const handle: unknown = Reflect.get(socket, "_handle");
    const number = typeof handle === "object" && handle !== null && "fd" in handle ? handle.fd : undefined;
    return typeof number === "number" && number >= this.#highest;
  }
}

/** Says at a server's start what will come to nothing. */
export function warnOfDescriptors(logger: Logger, maxConnections: number): void {
  const limit = readLimit();
  const room = Math.max(0, limit - inUse() - RESERVE);
  if (room >= maxConnections) return;
  logger.warn(
    `the process may open ${limit} file descriptors (ulimit -n), enough for ${room} connections; -max-connections is ${maxConnections}: ` +
      "those beyond are refused, raise the limit or lower -max-connections",
  );
}

function readLimit(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return soft === undefined ? Infinity : Number(soft);
  } catch {
    // Not on this system: the limit shows when a connection is refused.
    return Infinity;
  }
}

function inUse(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    // Not on this system.
    return 0;
  }
}
