// Owns the process's real stdout: dumps, versions and help go there, and nothing else ever does.
import { write } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { stdoutDescriptor } from "./launcher-environment.js";
import { CommandError } from "../../core/model/index.js";

const DEFAULT_STDOUT = 1;
/** Milliseconds until the next attempt, where a reader that takes nothing now does not hold the write up by itself. */
const READER_WAIT = 5;

const told = Number(stdoutDescriptor ?? DEFAULT_STDOUT);
const stdout = Number.isInteger(told) ? told : DEFAULT_STDOUT;

const writePart = promisify(write);

/**
 * Writes to the real stdout and resolves when all of it is written, however long its reader takes.
 *
 * @throws {CommandError} where nobody can get it: stdout is closed or full, or its reader has gone.
 */
export async function writeOutput(content: string | Uint8Array): Promise<void> {
  let rest = Buffer.from(content);
  while (rest.length > 0) {
    try {
      const { bytesWritten } = await writePart(stdout, rest);
      rest = rest.subarray(bytesWritten);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN"))
        throw new CommandError(`cannot write to stdout: ${error instanceof Error ? error.message : String(error)}`);
      await wait(READER_WAIT);
    }
  }
}
