// Owns the errors of a plugin that is a program of its own.
import { PluginServerError } from "../../../core/model/index.js";

export type EmbeddedErrorCode = "EMBEDDED_NO_CHANNEL" | "EMBEDDED_NO_DIRECTORY" | "EMBEDDED_NO_SLOT" | "EMBEDDED_REFUSED";

/** Its message is one line for the operator; the program ends with status 1. */
export class EmbeddedError extends PluginServerError<EmbeddedErrorCode> {
  override readonly name = "EmbeddedError";
}
