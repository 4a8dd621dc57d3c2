// Keeps what a program's thread prints before its log is there: Node.js fails where a stream that was written to is replaced.
import { Console } from "node:console";
import { Writable } from "node:stream";

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
