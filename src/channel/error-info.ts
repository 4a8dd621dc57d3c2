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

/** Describes anything a plugin may throw, also what is no Error. */
export function toErrorInfo(thrown: unknown): ErrorInfo {
  if (!(thrown instanceof Error)) {
    const message = describe(thrown);
    return { name: "NonError", message, stack: message };
  }
  const code = "code" in thrown && typeof thrown.code === "string" ? { code: thrown.code } : {};
  return { name: thrown.name, message: thrown.message, stack: withCauses(thrown), ...code };
}

function describe(thrown: unknown): string {
  const text = typeof thrown === "string" ? thrown : inspect(thrown, { depth: 1, breakLength: Infinity });
  return `thrown value that is no Error: ${text}`;
}

const MAX_CAUSES = 5;

function withCauses(error: Error): string {
  let text = error.stack ?? `${error.name}: ${error.message}`;
  let cause: unknown = error.cause;
  for (let depth = 0; cause !== undefined && depth < MAX_CAUSES; depth += 1) {
    text += `\ncaused by ${cause instanceof Error ? (cause.stack ?? cause.message) : describe(cause)}`;
    cause = cause instanceof Error ? cause.cause : undefined;
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
