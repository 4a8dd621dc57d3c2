// Imported first: modules of Node.js that are loaded behind it ask for the colours of stderr, and when its stream is made, the
// descriptor does not block any more for all processes that share it. Whether a program uses the stream is its own affair. From 22.15
// on (where node:util has `diff`) Node.js asks already while it links modules that import node:util: that is too early for us.
import { Writable } from "node:stream";

const own = Object.getOwnPropertyDescriptor(process, "stderr");
const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
Object.defineProperty(process, "stderr", { configurable: true, enumerable: true, get: () => stream });

/** What is loaded by then has asked. */
export function giveStderrBack(): void {
  if (own !== undefined) Object.defineProperty(process, "stderr", own);
}
