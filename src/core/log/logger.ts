// Makes the server's logger: lines on stderr, as text for people or JSON for collectors. No line is ever waited for.
import { isatty } from "node:tty";
import { type Logger, pino } from "pino";
import { LogLevels } from "./log-levels.js";
import type { LogOptions } from "./log-options.js";
import { droppedText, noticeDroppedBy, writeStderr } from "./stderr.js";
import { escapeUnsafe, textLine } from "./text-line.js";
import { type ErrorInfo, RemoteError, messageOf } from "../model/index.js";
import type { LogEntry } from "../channel/index.js";

const STDERR = 2;
const WARN = 40;

/** `levels` change what is logged while the logger is in use. */
export function createLogger(options: LogOptions, levels = new LogLevels(options)): Logger {
  const { format } = options;
  const colors = format === "text" && isatty(STDERR);
  // In JSON text most of them are escaped already; those that are not stand only inside of strings.
  const line =
    format === "json" ? (json: string) => `${escapeUnsafe(json.trimEnd())}\n` : (json: string) => textLine(json, colors);
  noticeDroppedBy((dropped) =>
    line(`${JSON.stringify({ level: WARN, time: Date.now(), dropped, msg: droppedText(dropped) })}\n`),
  );
  const logger = pino(
    {
      level: levels.lowest,
      base: null,
      serializers: { err: errorFields },
      hooks: {
        logMethod(given, method, level) {
          if (levels.allow(given[0], level)) method.apply(this, given);
        },
      },
    },
    { write: (json: string) => writeStderr(line(json)) },
  );
  levels.govern(logger);
  return logger;
}

/** Warns once, in a process that has no log otherwise. */
export function logLine(options: LogOptions, text: string): Promise<void> {
  createLogger(options).warn(text);
  return Promise.resolve();
}

/** Its message is in the line already. */
function errorFields(error: unknown): object | string {
  if (!(error instanceof Error)) return String(error);
  const code: unknown = "code" in error ? error.code : undefined;
  return { type: error.name, message: error.message, ...(code === undefined ? {} : { code }), stack: error.stack };
}

export function logEntry(logger: Logger, plugin: string, entry: LogEntry): void {
  logger[entry.level](logFields(plugin, entry), `[${plugin}] ${entry.message}`);
}

/** `ids` say whose instance it is. */
export function logFields(plugin: string, { functionName, bindingId, error }: LogEntry, ids: object = {}): object {
  return {
    plugin,
    ...(functionName === undefined ? {} : { function: functionName }),
    ...(bindingId === undefined ? {} : { binding: bindingId }),
    ...ids,
    ...(error === undefined ? {} : errorField(error)),
  };
}

/** The stack, where there is one beside the message that stands in the line already. */
export function errorField(error: ErrorInfo): { err?: Error } {
  return error.stack === error.message ? {} : { err: new RemoteError(error) };
}

export function endOnFault(logger: Logger): void {
  process.on("uncaughtException", (error: unknown) => {
    const message = messageOf(error);
    logger.fatal({ err: error }, `the server itself failed and ends: ${message}`);
    process.exit(1);
  });
}
