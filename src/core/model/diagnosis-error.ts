// Owns the error of an isolate that could not do what an operator asked of it.
import { PluginServerError } from "./errors.js";

export class DiagnosisError extends PluginServerError<"ISOLATE_DIAGNOSIS_FAILED"> {
  override readonly name = "DiagnosisError";

  constructor(message: string) {
    super("ISOLATE_DIAGNOSIS_FAILED", message);
  }
}
