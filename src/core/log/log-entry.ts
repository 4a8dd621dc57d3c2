// Turns what a plugin, or the runtime on its behalf, wants logged into a line of the server's log.
import type { Logger } from "pino";
import { type ErrorInfo, RemoteError } from "../model/index.js";
import type { LogEntry } from "../channel/index.js";

export function logEntry(logger: Logger, plugin: string, entry: LogEntry): void {
  logger[entry.level](logFields(plugin, entry), `[${plugin}] ${entry.message}`);
}

/** `ids` say whose instance it is. */
export function logFields(plugin: string, { functionName, bindingId, error }: LogEntry, ids: object = {}): object {
  return {
    plugin,
    ...(functionName === undefined ? {} : { phase: functionName }),
    ...(bindingId === undefined ? {} : { instance: bindingId }),
    ...ids,
    ...(error === undefined ? {} : errorField(error)),
  };
}

/** The stack, where there is one beside the message that stands in the line already. */
export function errorField(error: ErrorInfo): { err?: Error } {
  return error.stack === error.message ? {} : { err: new RemoteError(error) };
}
