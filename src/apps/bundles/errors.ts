// Owns the errors of plugins that come in bundles: what is wrong with the index, with one bundle of it, or on the way here.
import { PluginServerError } from "../../core/model/index.js";

const CODES = {
  BUNDLE_FETCH: "it cannot be fetched",
  BUNDLE_INDEX: "the index of bundles is wrong",
  BUNDLE_DIGEST: "what came is not what the index names",
  BUNDLE_REFUSED: "the bundle is refused",
  BUNDLE_PLUGIN: "a plugin of the bundle cannot be served",
  BUNDLE_DISK: "it cannot be written to the disk",
} as const;

export type BundleFailureCode = keyof typeof CODES;

export class BundledError extends PluginServerError<BundleFailureCode> {
  override readonly name = "BundledError";
  /** What a metric calls it. */
  readonly reason: string;

  constructor(code: BundleFailureCode, detail: string, options?: ErrorOptions & { readonly reason?: string }) {
    super(code, `${CODES[code]}: ${detail}`, options);
    this.reason = options?.reason ?? code.slice("BUNDLE_".length).toLowerCase();
  }
}
