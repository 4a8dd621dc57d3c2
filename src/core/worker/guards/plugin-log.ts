// Makes a plugin's words a line of the server's log: a message, with details as JSON.
import type { LogEntry, LogLevel } from "../../channel/index.js";
import { toErrorInfo } from "../../model/index.js";

type LogDetails = Readonly<Record<string, unknown>> | Error;

/** What plugins write to. */
export type PluginLogger = Readonly<Record<"debug" | "info" | "warn" | "error", (message: string, details?: LogDetails) => void>>;

export type WriteEntry = (entry: LogEntry) => void;

/** `fields` stand before a line's own details; `origin` is what each entry has besides. */
export function pluginLogger(
  write: WriteEntry,
  fields: () => Readonly<Record<string, unknown>> = () => ({}),
  origin: Pick<LogEntry, "functionName" | "bindingId"> = {},
): PluginLogger {
  const at = (level: LogLevel) => (message: unknown, details?: unknown) =>
    write({ level, ...origin, ...lineOf(message, details, fields()) });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** For where no server logs: a test. */
export const printEntry: WriteEntry = ({ message, error }) =>
  void process.stdout.write(`${error === undefined ? message : `${message} ${error.stack}`}\n`);

function lineOf(
  message: unknown,
  details: unknown,
  fields: Readonly<Record<string, unknown>>,
): Pick<LogEntry, "message" | "error"> {
  const isError = details instanceof Error;
  const all = isError ? fields : { ...fields, ...(details as object | undefined) };
  // What is thrown in place of a message is shown as it would be there.
  const text = typeof message === "string" ? message : toErrorInfo(message).message;
  const line = Object.keys(all).length === 0 ? text : `${text} ${detailsText(all)}`;
  return isError ? { message: line, error: toErrorInfo(details) } : { message: line };
}

/** A line is no reason for a call to fail. */
function detailsText(value: object): string {
  try {
    return JSON.stringify(value, (_key, each: unknown) => (typeof each === "bigint" ? String(each) : each));
  } catch (error) {
    return `{"details":${JSON.stringify(`no JSON: ${toErrorInfo(error).message}`)}}`;
  }
}
