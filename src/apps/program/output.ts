// Owns the process's real stdout: dumps, versions and help go there, and nothing else ever does.
import { Console } from "node:console";
import { Writable } from "node:stream";
import { CommandError, messageOf } from "../../core/model/index.js";
import { writeStderr } from "../../core/log/index.js";
import { STDOUT_VARIABLE, writeAll } from "./write-all.js";

function take(name: string): string | undefined {
  const value = process.env[name];
  Reflect.deleteProperty(process.env, name);
  return value;
}

/** Descriptor of the real stdout, which it moves out of the reach of plugin code. */
const stdoutDescriptor = take(STDOUT_VARIABLE);

// The C library has read it by now.
if (take("PLUGINSERVER_TUNED") !== undefined) take("GLIBC_TUNABLES");

const DEFAULT_STDOUT = 1;

const told = Number(stdoutDescriptor ?? DEFAULT_STDOUT);
/** Its descriptor. */
export const STDOUT = Number.isInteger(told) ? told : DEFAULT_STDOUT;

/**
 * Writes to the real stdout and resolves when all of it is written, however long its reader takes.
 *
 * @throws {CommandError} where nobody can get it: stdout is closed or full, or its reader has gone.
 */
export async function writeOutput(content: string | Uint8Array): Promise<void> {
  try {
    await writeAll(STDOUT, content);
  } catch (error) {
    throw new CommandError(`cannot write to stdout: ${messageOf(error)}`);
  }
}

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

type StreamName = "stdout" | "stderr";

const held: { readonly name: StreamName; readonly chunk: string | Uint8Array }[] = [];

function holding(name: StreamName): Writable {
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: string | Uint8Array, _encoding, done) => {
      held.push({ name, chunk });
      done();
    },
  });
  Object.defineProperty(process, name, { configurable: true, enumerable: true, get: () => stream });
  return stream;
}

/** Replaces `console`, `process.stdout` and `process.stderr` until something else does. */
export function holdOutput(): void {
  globalThis.console = new Console({ stdout: holding("stdout"), stderr: holding("stderr") });
}

/** Prints what was held, on what stdout and stderr are by now. */
export function releaseOutput(): void {
  for (const { name, chunk } of held.splice(0)) process[name].write(chunk);
}
