// Owns the errors of a socket's place; each message is what the operator reads.
import { PluginServerError } from "../model/index.js";

const CODES = {
  SERVER_SOCKET_PATH_TOO_LONG: "the socket's path is too long for the operating system",
  SERVER_NOT_A_SOCKET: "something that is no socket is in the way of the server's socket",
  SERVER_ADDRESS_IN_USE: "the address is taken by another process",
  SERVER_CANNOT_LISTEN: "the server cannot listen",
} as const;

export type SocketErrorCode = keyof typeof CODES;

export class SocketError extends PluginServerError<SocketErrorCode> {
  override readonly name = "SocketError";

  constructor(code: SocketErrorCode, detail: string, options?: ErrorOptions) {
    super(code, `${CODES[code]}: ${detail}`, options);
  }
}
