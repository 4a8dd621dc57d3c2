// The door of log: the server's logger, and the lines of plugins in it.
export { endOnFault, logEntry, errorField, logFields, createLogger, logLine } from "./logger.js";
export { LimitedLog } from "./limited-log.js";
export { type FollowedLevel, LogLevels } from "./log-levels.js";
export { type LogLevelName, type LogOptions, LOG_FORMATS, LOG_LEVELS } from "./log-options.js";
export { escapeUnsafe } from "./text-line.js";
export { droppedLines, writeStderr } from "./stderr.js";
