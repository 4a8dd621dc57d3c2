// Keeps stdout for the dump: any other byte on it stops Kong from starting.

import { Console } from "node:console";

/** Where a dump is asked for, what this process prints on stdout goes to stderr from now on. */
export function guardDump(argv: readonly string[]): void {
  if (!argv.some((argument) => /^--?dump(=|$)/.test(argument))) return;
  Object.defineProperty(process, "stdout", { configurable: true, enumerable: true, get: () => process.stderr });
  globalThis.console = new Console({ stdout: process.stderr, stderr: process.stderr });
}
