// The door of log: the server's logger, and the lines of plugins in it.
export { endOnFault } from "./end-on-fault.js";
export { LimitedLog } from "./limited-log.js";
export { logEntry, errorField, logFields } from "./log-entry.js";
export { type LogOptions, LOG_FORMATS, LOG_LEVELS } from "./log-options.js";
export { createLogger } from "./logger.js";
export { writeStderr } from "./stderr.js";
