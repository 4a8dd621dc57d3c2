// Owns the base of the errors of this package, with the brand that tells them from all others, the errors of the core itself, and errors as plain data.
import { inspect, types } from "node:util";
import { cutText } from "./texts.js";

/** The same in every copy of this package: a plugin may bring one of its own. */
const BRAND = Symbol.for("pluginserver.error");

/** The base of every error of this package that leaves the folder it is thrown in. */
export abstract class PluginServerError<Code extends string = string> extends Error {
  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  /** Stable, and in the table of docs/errors.md. Match on this, never on the message. */
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Whether an error is of this package, or of another copy of it. A code alone does not say so: errors of Node.js have one too. */
export function isOwnError(error: unknown): error is PluginServerError {
  return error instanceof Error && BRAND in error;
}

/** Whether one line says all: an error of ours, or of the operating system. Of any other the stack is needed. */
export function saysAllInOneLine(error: unknown): error is Error {
  return isOwnError(error) || (error instanceof Error && "syscall" in error);
}

const CODES = {
  SERVER_NO_PLUGINS_DIR: "the plugins directory cannot be read",
} as const;

export type ServerErrorCode = keyof typeof CODES;

export class ServerError extends PluginServerError<ServerErrorCode> {
  override readonly name = "ServerError";

  constructor(code: ServerErrorCode, detail: string, options?: ErrorOptions) {
    super(code, `${CODES[code]}: ${detail}`, options);
  }
}

/** Of an isolate that could not do what an operator asked of it. */
export class DiagnosisError extends PluginServerError<"ISOLATE_DIAGNOSIS_FAILED"> {
  override readonly name = "DiagnosisError";

  constructor(message: string) {
    super("ISOLATE_DIAGNOSIS_FAILED", message);
  }
}

/** Exit status 2; the message is one line that names the flag. */
export class UsageError extends PluginServerError<"CLI_USAGE"> {
  override readonly name = "UsageError";

  constructor(message: string, options?: ErrorOptions) {
    super("CLI_USAGE", message, options);
  }
}

/** Exit status 1; the message is one line that says what is wrong and where. */
export class CommandError extends PluginServerError<"CLI_FAILED"> {
  override readonly name = "CommandError";

  constructor(message: string, options?: ErrorOptions) {
    super("CLI_FAILED", message, options);
  }
}

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
