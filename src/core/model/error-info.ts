// Carries errors across threads: structured clone drops `code` and subclass names, so they travel as plain fields, each cut to a
// length that can be logged.
import { inspect, types } from "node:util";
import { cutText } from "./cut-text.js";

/** An error as plain data. */
export interface ErrorInfo {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  /** The stack as the throwing thread printed it, causes included. */
  readonly stack: string;
}

/** Characters. */
const MAX_NAME = 200;
const MAX_MESSAGE = 8192;
const MAX_STACK = 16_384;
/** A long message is in a field of its own: of the stack the frames are to be seen, and the causes. */
const MAX_MESSAGE_IN_STACK = 1024;

/** Of a cause that goes round, and of the errors of an `AggregateError`. */
const MAX_CAUSES = 5;
const MAX_ERRORS = 5;

const INSPECTION = { depth: 1, breakLength: Infinity, maxArrayLength: 100, maxStringLength: MAX_MESSAGE } as const;

/** Describes anything a plugin may throw, also what is no Error or resists being read. Never throws itself. */
export function toErrorInfo(thrown: unknown): ErrorInfo {
  try {
    return isError(thrown) ? describeError(thrown) : nonError(describe(thrown));
  } catch {
    // A proxy, a way of its own to be inspected, or more than fits into a string.
    return nonError("thrown value that cannot be read");
  }
}

/** Also one of another realm. */
const isError = (thrown: unknown): thrown is Error => types.isNativeError(thrown) || thrown instanceof Error;

const nonError = (message: string): ErrorInfo => ({ name: "NonError", message, stack: message });

function describe(thrown: unknown): string {
  const text = typeof thrown === "string" ? thrown : inspect(thrown, INSPECTION);
  return `thrown value that is no Error: ${cutText(text, MAX_MESSAGE)}`;
}

function describeError(error: Error): ErrorInfo {
  const code = textOf(error, "code");
  const info = {
    name: cutText(textOf(error, "name") ?? "Error", MAX_NAME),
    message: cutText(textOf(error, "message") ?? "", MAX_MESSAGE),
    stack: cutText(withCauses(error), MAX_STACK),
  };
  return code === undefined ? info : { ...info, code: cutText(code, MAX_NAME) };
}

/** Plugins may put anything in these, and getters that throw. */
function valueOf(error: Error, field: string): unknown {
  try {
    return Reflect.get(error, field);
  } catch {
    // A getter that throws has no value.
    return undefined;
  }
}

function textOf(error: Error, field: string): string | undefined {
  const value = valueOf(error, field);
  return typeof value === "string" ? value : undefined;
}

function stackOf(error: Error): string {
  const message = textOf(error, "message") ?? "";
  const short = cutText(message, MAX_MESSAGE_IN_STACK);
  const stack = textOf(error, "stack") ?? `${cutText(textOf(error, "name") ?? "Error", MAX_NAME)}: ${short}`;
  const at = short === message ? -1 : stack.indexOf(message);
  const shown = at === -1 ? stack : stack.slice(0, at) + short + stack.slice(at + message.length);
  return cutText(shown, MAX_STACK);
}

/** With each cause, and behind each `AggregateError` what it gathers. */
function withCauses(error: Error): string {
  let text = stackOf(error) + gathered(error);
  let cause = valueOf(error, "cause");
  for (let depth = 0; cause !== undefined && depth < MAX_CAUSES && text.length < MAX_STACK; depth += 1) {
    text += `\ncaused by ${isError(cause) ? stackOf(cause) + gathered(cause) : describe(cause)}`;
    cause = isError(cause) ? valueOf(cause, "cause") : undefined;
  }
  return text;
}

function gathered(error: Error): string {
  const errors = valueOf(error, "errors");
  if (!Array.isArray(errors)) return "";
  const first = errors.slice(0, MAX_ERRORS).map((each: unknown) => `\ngathers ${isError(each) ? stackOf(each) : describe(each)}`);
  return first.join("") + (errors.length > MAX_ERRORS ? `\ngathers ${errors.length - MAX_ERRORS} more` : "");
}

/** An error that happened in another thread, with that thread's stack. */
export class RemoteError extends Error {
  readonly code: string | undefined;

  constructor(info: ErrorInfo) {
    super(info.message);
    this.name = info.name;
    this.code = info.code;
    this.stack = info.stack;
  }
}
