// The door of program: what every program of this project has around its server: flags, log, output, signals.
export { endOfService } from "./end-of-service.js";
export { FORMER_ALIASES, formerSocketName, refuseFormerFlags } from "./former-servers.js";
export { normalizeFlags } from "./go-flags.js";
export { writeOutput } from "./output.js";
export {
  type InspectTarget,
  parseChoice,
  parseDuration,
  parseInspect,
  parseMode,
  parsePath,
  parsePositiveInteger,
  parseSize,
} from "./parse-value.js";
export { pluginEnvironment } from "./plugin-environment.js";
export { requireDirectory, requireWritable } from "./require-path.js";
export { runFile } from "./run-file.js";
export { SERVER_ENTRY } from "./server-entry.js";
