// What can be said about the log on a command line.
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export const LOG_FORMATS = ["text", "json"] as const;

export type LogLevelName = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  /** The least level that is logged. */
  readonly level: LogLevelName;
  /** The same for lines about these plugins, by name. */
  readonly plugins?: Readonly<Record<string, LogLevelName>>;
  readonly format: (typeof LOG_FORMATS)[number];
}
