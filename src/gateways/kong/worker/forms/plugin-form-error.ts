// Owns the error for a module that runs but is not a plugin the gateway would accept.
import { PluginServerError } from "../../../../core/model/index.js";

export class PluginFormError extends PluginServerError<"PLUGIN_FORM_INVALID"> {
  override readonly name = "PluginFormError";

  constructor(reason: string) {
    super("PLUGIN_FORM_INVALID", reason);
  }
}
