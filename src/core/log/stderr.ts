// Owns how this thread writes to the process's stderr: in lines, without blocking, and with all that was said when it ends.
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { Socket } from "node:net";
import { LineOutput } from "./line-output.js";

const STDERR = 2;
/** The same pipe or terminal, opened once more. Linux alone has it. */
const ONCE_MORE = `/proc/self/fd/${STDERR}`;
const FLAGS = `/proc/self/fdinfo/${STDERR}`;
/** How long the end of the process waits for whoever reads its last lines, in milliseconds. */
const END_TIMEOUT = 1000;

let output: LineOutput | undefined;
let dropNotice = (lines: number): string => `${droppedText(lines)}\n`;

export const droppedText = (lines: number): string => `${lines} log lines were dropped: nobody read them in time`;

/** Has the line about dropped lines look like the log's others. */
export function noticeDroppedBy(notice: (lines: number) => string): void {
  dropNotice = notice;
}

/** Writes one or more whole lines, each with its line feed. */
export function writeStderr(lines: string): void {
  output ??= openStderr();
  output.write(lines);
}

/** How many lines of this thread nobody read in time. */
export const droppedLines = (): number => output?.lost ?? 0;

function openStderr(): LineOutput {
  const kind = kindOfStderr();
  const reopened = kind === "pipe" ? openOnceMore() : undefined;
  const opened = new LineOutput({
    descriptor: reopened ?? STDERR,
    notice: (lines) => dropNotice(lines),
    beforeWrite: kind === "file" || reopened !== undefined ? () => {} : keepFromBlocking,
  });
  process.once("exit", () => {
    opened.flush(END_TIMEOUT);
    if (reopened !== undefined) closeSync(reopened);
  });
  return opened;
}

/** Files never wait. */
function kindOfStderr(): "file" | "pipe" | "socket" {
  try {
    const found = fstatSync(STDERR);
    if (found.isFile()) return "file";
    return found.isFIFO() || found.isCharacterDevice() ? "pipe" : "socket";
  } catch {
    // Closed.
    return "file";
  }
}

/**
 * A pipe or a terminal can be opened once more: that it does not block is then this process's own affair, and not that of all who
 * share it. A blocking write in libuv's thread pool would not do, as a process does not end before its pool has.
 */
function openOnceMore(): number | undefined {
  try {
    return openSync(ONCE_MORE, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // Another user's, or a system that has no such way.
    return undefined;
  }
}

/**
 * A socket cannot be opened again: it must not block for all who share it. Each program that is started with the same stderr, as
 * esbuild is, has it block again; Node.js restores at its end what it found.
 */
function keepFromBlocking(): void {
  if (isNonBlocking()) return;
  try {
    // libuv never closes the standard descriptors.
    new Socket({ fd: STDERR, readable: false }).destroy();
  } catch {
    // Of a kind that Node.js has no stream for.
  }
}

let isSet = false;

/** Linux alone tells; elsewhere it is set once. */
function isNonBlocking(): boolean {
  try {
    const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(FLAGS, "utf8"))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & constants.O_NONBLOCK) !== 0;
  } catch {
    const wasSet = isSet;
    isSet = true;
    return wasSet;
  }
}
