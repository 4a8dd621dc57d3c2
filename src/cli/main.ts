// Entry of the command line: checks the runtime before anything is loaded that needs it.
import { ownStderr } from "./own-stderr.js";

const OLDEST = [20, 19] as const;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  process.stderr.write(`pluginserver: Node.js ${OLDEST.join(".")} or newer is needed, this is ${process.version}\n`);
  process.exit(1);
}

const writeStderrBy = ownStderr();
const { writeStderr } = await import("../program/index.js");
writeStderrBy(writeStderr);
const { run } = await import("./run.js");
// Plugin threads and handles may still be about: the command is done, and so is the process.
process.exit(await run(process.argv.slice(2)));
