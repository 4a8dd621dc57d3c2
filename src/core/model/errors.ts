// Owns the errors that keep the server from starting; each message is what the operator reads.

const CODES = {
  SERVER_NO_PLUGINS_DIR: "the plugins directory cannot be read",
} as const;

export type ServerErrorCode = keyof typeof CODES;

export class ServerError extends Error {
  override readonly name = "ServerError";
  readonly code: ServerErrorCode;

  constructor(code: ServerErrorCode, detail: string, options?: ErrorOptions) {
    super(`${CODES[code]}: ${detail}`, options);
    this.code = code;
  }
}
