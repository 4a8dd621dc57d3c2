// Writes all of a text to a descriptor whose reader may be slow: a pipe, a terminal, a file.
import { write } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";

/** Milliseconds until the next attempt, where a reader that takes nothing now does not hold the write up by itself. */
const READER_WAIT = 5;

/** Has the descriptor of the real stdout, where plugins have another one: as bin/pluginserver names it. */
export const STDOUT_VARIABLE = "PLUGINSERVER_STDOUT_FD";

const writePart = promisify(write);

/** Resolves when all of it is written, however long its reader takes. @throws the system's error where nobody can get it. */
export async function writeAll(descriptor: number, content: string | Uint8Array): Promise<void> {
  let rest = Buffer.from(content);
  while (rest.length > 0) {
    try {
      const { bytesWritten } = await writePart(descriptor, rest);
      rest = rest.subarray(bytesWritten);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
      await wait(READER_WAIT);
    }
  }
}
