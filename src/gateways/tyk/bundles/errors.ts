// Owns the errors of bundles: what is wrong with one, or with where it should come from.
import { PluginServerError } from "../../../core/model/index.js";

const CODES = {
  TYK_BUNDLE_ARCHIVE: "the bundle is no archive that can be read",
  TYK_BUNDLE_ENTRY: "the bundle has an entry that no bundle may have",
  TYK_BUNDLE_TOO_LARGE: "the bundle is too large",
  TYK_BUNDLE_MANIFEST: "the bundle's manifest is wrong",
  TYK_BUNDLE_CHECKSUM: "the bundle's checksum is wrong",
  TYK_BUNDLE_SIGNATURE: "the bundle's signature is missing or wrong",
  TYK_BUNDLE_KEY: "the key for bundles cannot be used",
  TYK_BUNDLE_SOURCE: "the bundle cannot be fetched",
  TYK_BUNDLE_PLUGIN: "a plugin of the bundle cannot be served",
} as const;

export type BundleErrorCode = keyof typeof CODES;

export class BundleError extends PluginServerError<BundleErrorCode> {
  override readonly name = "BundleError";

  constructor(code: BundleErrorCode, detail: string, options?: ErrorOptions) {
    super(code, `${CODES[code]}: ${detail}`, options);
  }
}
