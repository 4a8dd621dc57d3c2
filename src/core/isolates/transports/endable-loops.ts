// Has V8 run loops of plugins as code that can be stopped. From Node.js 24 on, the code that takes the place of a running loop (on-stack
// replacement) does not look in each turn whether its thread is to end: measured with 24.21 and 26.1, a loop that fills arrays without end
// was not stopped at the limit of its heap, and ended the whole process there or collected for minutes. Without the replacement each such
// thread ended. What is called often is compiled as before.
import v8 from "node:v8";

const FIRST_LINE = 24;
let isSet = false;

/** Holds for the whole process, for threads that start from now on. */
export function keepLoopsEndable(): void {
  if (isSet || Number.parseInt(process.versions.node, 10) < FIRST_LINE) return;
  isSet = true;
  v8.setFlagsFromString("--no-use-osr");
}
