// The door of program: what every program of this project has around its server: flags, log, output, signals.
export { endOnFault } from "./end-on-fault.js";
export { endOfService } from "./end-of-service.js";
export { FORMER_ALIASES, formerSocketName, refuseFormerFlags } from "./former-servers.js";
export { type FlagNames, normalizeFlags } from "./go-flags.js";
export { LOG_FORMATS, LOG_LEVELS, type LogOptions } from "./log-options.js";
export { createLogger } from "./logger.js";
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
export { PDK_ENTRY, PDK_VERSION } from "./pdk-entry.js";
export { pluginEnvironment } from "./plugin-environment.js";
export { requireDirectory, requireWritable } from "./require-path.js";
export { writeStderr } from "./stderr.js";
export { CommandError, UsageError } from "./usage-error.js";
