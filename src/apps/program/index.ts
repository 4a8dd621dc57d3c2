// The door of program: what every program of this project has around its server: log, output, signals.
export { closingTime, endByHungThread } from "./hung-threads.js";
export { ServiceReport } from "./service-report.js";
export { endOfService } from "./program.js";
export { parseEmbedded } from "./options.js";
export { STDOUT, writeOutput } from "./output.js";
export { STDOUT_VARIABLE, writeAll } from "./write-all.js";
export { pluginEnvironment, requireDirectory, requireWritable, SERVER_ENTRY } from "./environment.js";
export { runFile } from "./run-file.js";
