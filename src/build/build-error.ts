// Owns the error of a plugin that cannot be built.

const CODES = {
  BUILD_NO_PLUGIN: "there is no plugin",
  BUILD_NO_TYPESCRIPT: "its types cannot be checked",
  BUILD_TYPES: "its types do not fit",
  BUILD_BUNDLE: "it cannot be bundled",
  BUILD_NATIVE: "it cannot be one file",
  BUILD_NOT_SERVED: "it would not be served",
} as const;

export type BuildErrorCode = keyof typeof CODES;

export class BuildError extends Error {
  override readonly name = "BuildError";
  readonly code: BuildErrorCode;

  constructor(code: BuildErrorCode, detail: string, options?: ErrorOptions) {
    super(`${CODES[code]}: ${detail}`, options);
    this.code = code;
  }
}
