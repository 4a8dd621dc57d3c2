// Stands for Node.js's own stream of stderr, which when it is made, by any module of Node.js, has the descriptor not block for all
// processes that share it.
import { writeSync } from "node:fs";
import { Writable } from "node:stream";

const STDERR = 2;

/** Replaces `process.stderr`. What is written there waits for the function that is returned to say where it goes. */
export function ownStderr(): (write: (text: string) => void) => void {
  let held = "";
  let write = (text: string): void => {
    held += text;
  };
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: string | Uint8Array, _encoding, done) => {
      write(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString());
      done();
    },
  });
  Object.defineProperty(process, "stderr", { configurable: true, enumerable: true, get: () => stream });
  // Nothing has taken it: the modules that were to did not load, or this process has no log.
  const atExit = (): void => {
    if (held !== "") writeSync(STDERR, held);
  };
  process.once("exit", atExit);
  return (writeOut) => {
    process.off("exit", atExit);
    write = writeOut;
    if (held !== "") write(held);
    held = "";
  };
}
