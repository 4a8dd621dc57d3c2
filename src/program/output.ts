// Owns the process's real stdout: dumps, versions and help go there, and nothing else ever does.
import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { stdoutDescriptor } from "./launcher-environment.js";

const DEFAULT_STDOUT = 1;

const told = Number(stdoutDescriptor ?? DEFAULT_STDOUT);
const stdout = Number.isInteger(told) ? told : DEFAULT_STDOUT;

/** Writes to the real stdout and resolves when it is written. */
export async function writeOutput(content: string | Uint8Array): Promise<void> {
  const stream = createWriteStream("", { fd: stdout, autoClose: false });
  stream.end(content);
  await once(stream, "finish");
}
