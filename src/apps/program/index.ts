// The door of program: what every program of this project has around its server: log, output, signals.
export { endOfService } from "./end-of-service.js";
export { writeOutput } from "./output.js";
export { pluginEnvironment } from "./plugin-environment.js";
export { requireDirectory, requireWritable } from "./require-path.js";
export { runFile } from "./run-file.js";
export { SERVER_ENTRY } from "./server-entry.js";
