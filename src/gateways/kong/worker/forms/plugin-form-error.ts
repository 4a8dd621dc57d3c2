// Owns the error for a module that runs but is not a plugin the gateway would accept.

export class PluginFormError extends Error {
  readonly code = "PLUGIN_FORM_INVALID";

  constructor(reason: string) {
    super(reason);
    this.name = "PluginFormError";
  }
}
