// Keeps stdout for the dump: any other byte on it stops Kong from starting.

import { Console } from "node:console";
import { Writable } from "node:stream";
import { writeStderr } from "../../core/log/index.js";

/** Where a dump is asked for, what this process prints goes to stderr from now on, and never waits for its reader. */
export function guardDump(argv: readonly string[]): void {
  if (!argv.some((argument) => /^--?dump(=|$)/.test(argument))) return;
  const stderr = new Writable({
    decodeStrings: false,
    write: (chunk: string | Uint8Array, _encoding, done) => {
      writeStderr(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString());
      done();
    },
  });
  for (const name of ["stdout", "stderr"] as const)
    Object.defineProperty(process, name, { configurable: true, enumerable: true, get: () => stderr });
  globalThis.console = new Console({ stdout: stderr, stderr });
}
