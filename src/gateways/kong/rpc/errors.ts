// Owns the errors that become the error text of a call.
import { PluginServerError } from "../../../core/model/index.js";

export type RpcErrorCode = "RPC_NO_METHOD" | "RPC_BAD_ARGUMENT" | "RPC_NO_INSTANCE" | "RPC_NO_PLUGIN" | "RPC_NO_STEP_DUE";

/** A call that cannot be answered as asked. Its message is what the gateway logs. */
export class RpcError extends PluginServerError<RpcErrorCode> {
  override readonly name = "RpcError";
}

/** Gateways know this text and start the instance again; some versions match its case. */
export function noInstance(id: number): RpcError {
  return new RpcError("RPC_NO_INSTANCE", `No plugin instance ${id}`);
}
