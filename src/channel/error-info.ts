// Carries errors across threads: structured clone drops `code` and subclass names, so they travel as plain fields.
import { inspect } from "node:util";

/** An error as plain data. */
export interface ErrorInfo {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  /** The stack as the throwing thread printed it, causes included. */
  readonly stack: string;
}

/** Describes anything a plugin may throw, also what is no Error or resists being read. Never throws itself. */
export function toErrorInfo(thrown: unknown): ErrorInfo {
  try {
    return thrown instanceof Error ? describeError(thrown) : nonError(describe(thrown));
  } catch {
    // A proxy, or a way of its own to be inspected.
    return nonError("thrown value that cannot be read");
  }
}

const nonError = (message: string): ErrorInfo => ({ name: "NonError", message, stack: message });

function describe(thrown: unknown): string {
  const text = typeof thrown === "string" ? thrown : inspect(thrown, { depth: 1, breakLength: Infinity });
  return `thrown value that is no Error: ${text}`;
}

function describeError(error: Error): ErrorInfo {
  const code = textOf(error, "code");
  const info = { name: textOf(error, "name") ?? "Error", message: textOf(error, "message") ?? "", stack: withCauses(error) };
  return code === undefined ? info : { ...info, code };
}

/** Plugins may put anything in these, and getters that throw. */
function valueOf(error: Error, field: string): unknown {
  try {
    return Reflect.get(error, field);
  } catch {
    return undefined;
  }
}

function textOf(error: Error, field: string): string | undefined {
  const value = valueOf(error, field);
  return typeof value === "string" ? value : undefined;
}

const stackOf = (error: Error): string =>
  textOf(error, "stack") ?? `${textOf(error, "name") ?? "Error"}: ${textOf(error, "message") ?? ""}`;

const MAX_CAUSES = 5;

function withCauses(error: Error): string {
  let text = stackOf(error);
  let cause = valueOf(error, "cause");
  for (let depth = 0; cause !== undefined && depth < MAX_CAUSES; depth += 1) {
    text += `\ncaused by ${cause instanceof Error ? stackOf(cause) : describe(cause)}`;
    cause = cause instanceof Error ? valueOf(cause, "cause") : undefined;
  }
  return text;
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
