// Owns the errors of the stand-in: of a call that failed.
import { PluginServerError } from "../../../core/model/index.js";

const CODES = {
  TYK_STANDIN_CALL: "the call failed",
  TYK_STANDIN_NOT_UTF8: "the gateway cannot encode what is not UTF-8",
} as const;

export type StandinErrorCode = keyof typeof CODES;

export class StandinError extends PluginServerError<StandinErrorCode> {
  override readonly name = "StandinError";
  /** Of a call: gRPC's status. */
  readonly status: number | undefined;

  constructor(code: StandinErrorCode, detail: string, options: ErrorOptions & { readonly status?: number } = {}) {
    super(code, `${CODES[code]}: ${detail}`, options);
    this.status = options.status;
  }
}
