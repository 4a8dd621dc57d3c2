// Owns the errors that keep the server from starting; each message is what the operator reads.
import { PluginServerError } from "./plugin-server-error.js";

const CODES = {
  SERVER_NO_PLUGINS_DIR: "the plugins directory cannot be read",
} as const;

export type ServerErrorCode = keyof typeof CODES;

export class ServerError extends PluginServerError<ServerErrorCode> {
  override readonly name = "ServerError";

  constructor(code: ServerErrorCode, detail: string, options?: ErrorOptions) {
    super(code, `${CODES[code]}: ${detail}`, options);
  }
}
