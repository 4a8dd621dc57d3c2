// Owns the error of a command line that cannot be understood.

/** Exit status 2; the message is one line that names the flag. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code = "CLI_USAGE";
}

/** Exit status 1; the message is one line that says what is wrong and where. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly code = "CLI_FAILED";
}
