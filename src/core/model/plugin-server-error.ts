// Owns the base of the errors of this package, and the brand that tells them from all others.

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
