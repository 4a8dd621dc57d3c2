// Turns what a plugin, or the runtime on its behalf, wants logged into a line of the server's log.
import type { Logger } from "pino";
import { type ErrorInfo, type LogEntry, RemoteError } from "../channel/index.js";

export function logEntry(logger: Logger, plugin: string, { level, message, phase, instanceId, error }: LogEntry): void {
  const fields = {
    plugin,
    ...(phase === undefined ? {} : { phase }),
    ...(instanceId === undefined ? {} : { instance: instanceId }),
    ...(error === undefined ? {} : errorField(error)),
  };
  logger[level](fields, `[${plugin}] ${message}`);
}

/** The stack, where there is one beside the message that stands in the line already. */
export function errorField(error: ErrorInfo): { err?: Error } {
  return error.stack === error.message ? {} : { err: new RemoteError(error) };
}
