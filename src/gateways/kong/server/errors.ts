// Owns the errors of a plugin that is a program of its own.

/** Its message is one line for the operator; the program ends with status 1. */
export class EmbeddedError extends Error {
  override readonly name = "EmbeddedError";
  readonly code: "EMBEDDED_NO_CHANNEL" | "EMBEDDED_NO_DIRECTORY" | "EMBEDDED_NO_SLOT" | "EMBEDDED_REFUSED";

  constructor(code: EmbeddedError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
