// Tells the messages of an isolate from whatever else comes over its channel: plugin code can get at its end.
import type { ErrorInfo } from "../model/index.js";
import { areTracedCalls, countersSize, isIsolateVitals, isServedSample } from "../telemetry/index.js";
import type { IsolateMessage } from "./messages.js";
import type { ScanReport } from "./scan-messages.js";
import type { LogEntry, LogLevel } from "./call-host.js";

type Fields = Readonly<Record<string, unknown>>;

/** More than any gateway knows. */
const MAX_FUNCTIONS = 1000;
const LEVELS: ReadonlySet<unknown> = new Set<LogLevel>(["debug", "info", "warn", "error"]);

/** Undefined for what no isolate says. */
export function asIsolateMessage(message: unknown): IsolateMessage | undefined {
  return isFields(message) && isMessage(message) ? (message as unknown as IsolateMessage) : undefined;
}

/** Undefined for what no scanning isolate says. */
export function asScanReport(message: unknown): ScanReport | undefined {
  return isFields(message) && isNumber(message["index"]) && isReport(message) ? (message as unknown as ScanReport) : undefined;
}

/** What an isolate says of an error, or that it said none. */
export function asErrorInfo(value: unknown): ErrorInfo {
  if (isErrorInfo(value)) return value;
  const message = "an error that cannot be read";
  return { name: "NonError", message, stack: message };
}

function isLogEntry(value: unknown): value is LogEntry {
  return (
    isFields(value) &&
    LEVELS.has(value["level"]) &&
    isText(value["message"]) &&
    isTextOrAbsent(value["functionName"]) &&
    (value["bindingId"] === undefined || isNumber(value["bindingId"])) &&
    (value["error"] === undefined || isErrorInfo(value["error"]))
  );
}

function isMessage(message: Fields): boolean {
  switch (message["kind"]) {
    case "thread":
      return isThread(message["thread"]);
    case "ready":
    case "productive":
      return true;
    case "pong":
      return isNumber(message["memory"]) && isIsolateVitals(message["vitals"]) && isTextOrAbsent(message["broken"]);
    case "sampled":
      return isIsolateVitals(message["vitals"]) && (message["server"] === undefined || isServedSample(message["server"]));
    case "counting":
      return isNumber(message["id"]) && isCounting(message["functions"], message["memory"]);
    case "counted":
      return isNumber(message["id"]);
    case "traced":
      return areTracedCalls(message["calls"]) && isCount(message["dropped"]);
    case "weighed":
      return isNumber(message["memory"]);
    case "diagnosed":
      return isNumber(message["id"]) && isTextOrAbsent(message["problem"]);
    case "binding-failed":
      return isNumber(message["bindingId"]) && isErrorInfo(message["error"]);
    case "log":
      return isLogEntry(message["entry"]);
    case "prefetch":
      return isNumber(message["bindingId"]) && isText(message["functionName"]) && isPrefetch(message["prefetch"]);
    default:
      return false;
  }
}

function isReport(message: Fields): boolean {
  const { kind, result, entry, thread, traces } = message;
  if (kind === "scan-started") return thread === undefined || isThread(thread);
  if (kind === "scan-log") return isLogEntry(entry);
  return kind === "scan-finished" && (isErrorInfo(result) || isMetadata(result)) && areTraces(traces);
}

const areTraces = (traces: unknown): boolean =>
  isFields(traces) &&
  Array.isArray(traces["variables"]) &&
  traces["variables"].every(isText) &&
  [traces["isRepeatable"], traces["hasInit"]].every((value) => typeof value === "boolean");

const isCounting = (functions: unknown, memory: unknown): boolean =>
  Array.isArray(functions) &&
  functions.length <= MAX_FUNCTIONS &&
  functions.every(isText) &&
  (memory instanceof SharedArrayBuffer || memory instanceof Uint8Array) &&
  memory.byteLength === countersSize(functions.length);

const isMetadata = (value: unknown): boolean =>
  isFields(value) &&
  [value["form"], value["name"], value["version"]].every(isText) &&
  [value["functions"], value["schema"]].every(Array.isArray);

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null;
const isText = (value: unknown): boolean => typeof value === "string";
const isTextOrAbsent = (value: unknown): boolean => value === undefined || isText(value);
const isCount = (value: unknown): boolean => typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
const isNumber = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value);

/** It becomes part of a path. */
const isThread = (value: unknown): boolean => typeof value === "string" && /^\d{1,10}\/task\/\d{1,10}$/.test(value);

const isPrefetch = (value: unknown): boolean =>
  value === undefined || (Array.isArray(value) && value.every((ask) => ask instanceof Uint8Array));

function isErrorInfo(value: unknown): value is ErrorInfo {
  return (
    isFields(value) &&
    isText(value["name"]) &&
    isText(value["message"]) &&
    isText(value["stack"]) &&
    isTextOrAbsent(value["code"])
  );
}
