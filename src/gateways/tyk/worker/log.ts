// Writes the lines of a plugin: with the API of their call, and details as JSON.
import type { LogEntry, LogLevel } from "../../../core/channel/index.js";
import { toErrorInfo } from "../../../core/model/index.js";
import { detailsText, messageText } from "../../../core/worker/index.js";
import type { LogFunction, TykLog } from "../api/index.js";

/** What is known of the call that a line is about. */
export interface LogOrigin {
  readonly functionName: string;
  readonly bindingId: number;
  readonly fields: () => Readonly<Record<string, unknown>>;
}

export function callLog(write: (entry: LogEntry) => void, { functionName, bindingId, fields }: LogOrigin): TykLog {
  const at =
    (level: LogLevel): LogFunction =>
    (message, details) =>
      write({ level, functionName, bindingId, ...lineOf(message, details, fields()) });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function lineOf(
  message: unknown,
  details: unknown,
  fields: Readonly<Record<string, unknown>>,
): Pick<LogEntry, "message" | "error"> {
  const isError = details instanceof Error;
  const text = `${messageText(message)} ${detailsText(isError ? fields : { ...fields, ...(details as object | undefined) })}`;
  return isError ? { message: text, error: toErrorInfo(details) } : { message: text };
}
