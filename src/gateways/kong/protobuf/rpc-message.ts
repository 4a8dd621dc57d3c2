// Decodes the commands of a gateway and encodes the answers to them.
import { messageOf } from "../../../core/model/index.js";
import { WireError } from "../msgpack/index.js";
import { assertFewElements } from "./element-limit.js";
import { encodeFrame } from "./frame.js";
import { decodeProtobuf, encodeProtobuf, type Fields } from "./message-type.js";
import { isFields, textOf, toValue } from "./value.js";

/** What a gateway asks for. */
export type RpcCommand =
  | { readonly kind: "get-plugin-names" }
  | { readonly kind: "get-plugin-info"; readonly name: string }
  | { readonly kind: "start-instance"; readonly name: string; readonly config: string }
  | { readonly kind: "get-instance-status"; readonly instanceId: number }
  | { readonly kind: "close-instance"; readonly instanceId: number }
  | { readonly kind: "handle-event"; readonly instanceId: number; readonly phase: string }
  /** None that this server knows. */
  | { readonly kind: "unknown" };

export interface RpcCall {
  /** Comes back in the answer, as it was. */
  readonly sequence: unknown;
  readonly command: RpcCommand;
}

/** @throws {WireError} for bytes that are no call. */
export function decodeRpcCall(bytes: Buffer): RpcCall {
  let call: Fields;
  assertFewElements("RpcCall", bytes);
  try {
    call = decodeProtobuf("RpcCall", bytes);
  } catch (error) {
    throw new WireError("WIRE_NOT_PROTOBUF", messageOf(error));
  }
  return { sequence: Object.hasOwn(call, "sequence") ? call["sequence"] : 0, command: commandOf(call) };
}

function commandOf(call: Fields): RpcCommand {
  const fields = (name: string): Fields | undefined => {
    const value = Object.hasOwn(call, name) ? call[name] : undefined;
    return isFields(value) ? value : undefined;
  };
  const event = fields("cmd_handle_event");
  if (event !== undefined) return { kind: "handle-event", instanceId: idOf(event), phase: stringOf(event, "event_name") };
  const start = fields("cmd_start_instance");
  if (start !== undefined)
    return { kind: "start-instance", name: stringOf(start, "name"), config: String(textOf(start["config"])) };
  const close = fields("cmd_close_instance");
  if (close !== undefined) return { kind: "close-instance", instanceId: idOf(close) };
  const status = fields("cmd_get_instance_status");
  if (status !== undefined) return { kind: "get-instance-status", instanceId: idOf(status) };
  const info = fields("cmd_get_plugin_info");
  if (info !== undefined) return { kind: "get-plugin-info", name: stringOf(info, "name") };
  return { kind: fields("cmd_get_plugin_names") === undefined ? "unknown" : "get-plugin-names" };
}

function stringOf(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === "string" ? value : "";
}

function idOf(fields: Fields): number {
  const { instance_id: id } = fields;
  return typeof id === "number" ? id : 0;
}

/** A plugin, in the gateway's spelling. Times are Unix times in seconds; the schema is JSON. */
export interface PluginInfoFields {
  readonly name: string;
  readonly updated_at: number;
  readonly loaded_at: number;
  readonly phases: readonly string[];
  readonly version: string;
  readonly priority: number;
  readonly schema: string;
}

export interface InstanceStatusFields {
  readonly name: string;
  readonly instance_id: number;
  readonly config: unknown;
  readonly started_at: number;
}

/** What a command gives; none where it failed, since the protocol has no error. */
export type RpcResult =
  | { readonly plugin_names: readonly string[] }
  | { readonly plugin_info: PluginInfoFields }
  | { readonly instance_status: InstanceStatusFields }
  | undefined;

/** The frame that answers the call of this sequence. */
export function encodeRpcReturn(sequence: unknown, result?: RpcResult): Buffer {
  return encodeFrame(encodeProtobuf("RpcReturn", { sequence, ...resultFields(result) }));
}

function resultFields(result: RpcResult): Fields {
  if (result === undefined) return {};
  if ("plugin_names" in result) return { plugin_names: { names: result.plugin_names } };
  if ("plugin_info" in result) return result;
  const { config, ...status } = result.instance_status;
  return { instance_status: { ...status, config: toValue(config) } };
}

/** In place of a function's name: the handler has returned. */
export const END_OF_EVENT = encodeFrame(Buffer.alloc(0));
