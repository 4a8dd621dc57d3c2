// Owns the errors of a socket's path; each message is what the operator reads.

const CODES = {
  SERVER_SOCKET_PATH_TOO_LONG: "the socket's path is too long for the operating system",
  SERVER_NOT_A_SOCKET: "something that is no socket is in the way of the server's socket",
  SERVER_CANNOT_LISTEN: "the server cannot listen",
} as const;

export type SocketErrorCode = keyof typeof CODES;

export class SocketError extends Error {
  override readonly name = "SocketError";
  readonly code: SocketErrorCode;

  constructor(code: SocketErrorCode, detail: string, options?: ErrorOptions) {
    super(`${CODES[code]}: ${detail}`, options);
    this.code = code;
  }
}
