// Owns the errors of a release that cannot be served, or that nobody knows.

const CODES = {
  TYK_RELEASE_UNKNOWN: "this release of the gateway is not known",
  TYK_RELEASE_UNUSABLE: "this release of the gateway cannot call a server on Node.js",
} as const;

export type ReleaseErrorCode = keyof typeof CODES;

export class ReleaseError extends Error {
  override readonly name = "ReleaseError";
  readonly code: ReleaseErrorCode;

  constructor(code: ReleaseErrorCode, detail: string, options?: ErrorOptions) {
    super(`${CODES[code]}: ${detail}`, options);
    this.code = code;
  }
}
