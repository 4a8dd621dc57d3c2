// Owns the error of a plugin that cannot be built.
import { PluginServerError } from "../core/model/index.js";

const CODES = {
  BUILD_NO_PLUGIN: "there is no plugin",
  BUILD_NO_TYPESCRIPT: "its types cannot be checked",
  BUILD_TYPES: "its types do not fit",
  BUILD_BUNDLE: "it cannot be bundled",
  BUILD_NODE: "no executable can be made with this Node.js",
  BUILD_SERVER: "the server cannot be made an executable",
  BUILD_NATIVE: "it cannot be one file",
  BUILD_NOT_SERVED: "it would not be served",
} as const;

export type BuildErrorCode = keyof typeof CODES;

export class BuildError extends PluginServerError<BuildErrorCode> {
  override readonly name = "BuildError";

  constructor(code: BuildErrorCode, detail: string, options?: ErrorOptions) {
    super(code, `${CODES[code]}: ${detail}`, options);
  }
}
