// Writes the lines of a plugin: with the API of their call, and details as JSON.
import type { LogEntry, LogLevel } from "../../../core/channel/index.js";
import { toErrorInfo } from "../../../core/model/index.js";
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
  const text = `${textOf(message)} ${jsonOf(isError ? fields : { ...fields, ...(details as object | undefined) })}`;
  return isError ? { message: text, error: toErrorInfo(details) } : { message: text };
}

const textOf = (message: unknown): string => (typeof message === "string" ? message : toErrorInfo(message).message);

/** A line is no reason for a call to fail. */
function jsonOf(value: object): string {
  try {
    return JSON.stringify(value, (_key, each: unknown) => (typeof each === "bigint" ? String(each) : each));
  } catch (error) {
    return `{"details":${JSON.stringify(`no JSON: ${toErrorInfo(error).message}`)}}`;
  }
}

/** For code that runs beside calls. Whatever a plugin prints is a line of the log: the higher levels on stderr. */
const print =
  (stream: "stdout" | "stderr"): LogFunction =>
  (message, details) => {
    const rest = details === undefined ? "" : ` ${details instanceof Error ? toErrorInfo(details).stack : jsonOf(details)}`;
    process[stream].write(`${textOf(message)}${rest}\n`);
  };

export const consoleLog: TykLog = {
  debug: print("stdout"),
  info: print("stdout"),
  warn: print("stderr"),
  error: print("stderr"),
};
