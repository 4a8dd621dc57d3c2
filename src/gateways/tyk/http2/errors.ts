// Owns the errors that keep the gRPC server from listening; each message is what the operator reads.
import { PluginServerError } from "../../../core/model/index.js";

const CODES = {
  GRPC_BAD_ADDRESS: "not an address to listen on",
  GRPC_ADDRESS_IN_USE: "the address is taken by another process",
  GRPC_CANNOT_LISTEN: "the server cannot listen",
} as const;

export type ListenErrorCode = keyof typeof CODES;

export class ListenError extends PluginServerError<ListenErrorCode> {
  override readonly name = "ListenError";

  constructor(code: ListenErrorCode, detail: string, options?: ErrorOptions) {
    super(code, `${CODES[code]}: ${detail}`, options);
  }
}
