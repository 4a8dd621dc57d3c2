// The errors of the stand-in gateway, each with a stable code.
import { PluginServerError } from "../../../core/model/index.js";

export type GatewayErrorCode =
  /** The declarative configuration is wrong; the message names the field. */
  | "GATEWAY_CONFIG"
  /** The plugin server answered with an error text. */
  | "GATEWAY_RPC_ERROR"
  /** The plugin server could not be reached or closed the connection. */
  | "GATEWAY_RPC_LOST"
  /** ProtoBuf:1: the plugin server closed the connection in the middle of a call. */
  | "GATEWAY_RPC_CLOSED"
  /** The plugin server did not answer in time. */
  | "GATEWAY_RPC_TIMEOUT"
  /** The plugin server answered something the protocol does not allow. */
  | "GATEWAY_BAD_REPLY"
  /** The plugin server did not start an instance. */
  | "GATEWAY_START_INSTANCE"
  /** The gateway could not listen on its address. */
  | "GATEWAY_LISTEN";

export class GatewayError extends PluginServerError<GatewayErrorCode> {
  override readonly name = "GatewayError";

  constructor(code: GatewayErrorCode, message: string, cause?: unknown) {
    super(code, message, cause === undefined ? undefined : { cause });
  }
}
