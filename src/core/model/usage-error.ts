// Owns the errors of a command line: one that cannot be understood, and one that cannot be done.
import { PluginServerError } from "./plugin-server-error.js";

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
