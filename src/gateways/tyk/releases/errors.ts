// Owns the errors of a release that cannot be served, or that nobody knows.
import { PluginServerError } from "../../../core/model/index.js";

const CODES = {
  TYK_RELEASE_UNKNOWN: "this release of the gateway is not known",
  TYK_RELEASE_UNUSABLE: "this release of the gateway cannot call a server on Node.js",
} as const;

export type ReleaseErrorCode = keyof typeof CODES;

export class ReleaseError extends PluginServerError<ReleaseErrorCode> {
  override readonly name = "ReleaseError";

  constructor(code: ReleaseErrorCode, detail: string, options?: ErrorOptions) {
    super(code, `${CODES[code]}: ${detail}`, options);
  }
}
