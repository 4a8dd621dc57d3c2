// Owns the errors of API definitions: each message says what to configure, or where to look.
import { PluginServerError } from "../../../core/model/index.js";

const CODES = {
  TYK_DEFINITION_UNKNOWN: "there is no definition of this API",
  TYK_DEFINITION_BROKEN: "the API definition cannot be read",
  TYK_DEFINITION_UNAVAILABLE: "the Gateway API does not give the definition",
  TYK_DEFINITION_SECRET: "the secret of the Gateway API cannot be read",
} as const;

export type DefinitionErrorCode = keyof typeof CODES;

export class DefinitionError extends PluginServerError<DefinitionErrorCode> {
  override readonly name = "DefinitionError";

  constructor(code: DefinitionErrorCode, detail: string, options?: ErrorOptions) {
    super(code, `${CODES[code]}: ${detail}`, options);
  }
}
