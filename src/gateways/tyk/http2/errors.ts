// Owns the errors that keep the gRPC server from listening; each message is what the operator reads.

const CODES = {
  GRPC_BAD_ADDRESS: "not an address to listen on",
  GRPC_ADDRESS_IN_USE: "the address is taken by another process",
  GRPC_CANNOT_LISTEN: "the server cannot listen",
} as const;

export type ListenErrorCode = keyof typeof CODES;

export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly code: ListenErrorCode;

  constructor(code: ListenErrorCode, detail: string, options?: ErrorOptions) {
    super(`${CODES[code]}: ${detail}`, options);
    this.code = code;
  }
}
