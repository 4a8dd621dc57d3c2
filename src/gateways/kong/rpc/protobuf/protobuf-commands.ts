// Reads the commands of ProtoBuf:1, and answers those that start no event, in the protocol's own spelling.
import { WireError } from "../../msgpack/index.js";
import {
  decodeRpcCall,
  FOREIGN_FRAME,
  type InstanceStatusFields,
  OVERSIZED_FRAME,
  type PluginInfoFields,
  type RpcCall,
  type RpcCommand,
  type RpcResult,
} from "../../protobuf/index.js";
import { RpcError } from "../errors.js";
import type { InstanceStatus, PluginInfo, PluginService } from "../plugin-service.js";

/** @throws {RpcError} for a command that cannot be answered as asked. */
export async function answerCommand(
  service: PluginService,
  command: Exclude<RpcCommand, { kind: "handle-event" }>,
): Promise<RpcResult> {
  switch (command.kind) {
    case "get-plugin-names":
      return { plugin_names: await service.pluginNames() };
    case "get-plugin-info":
      return { plugin_info: infoFields(await service.pluginInfo(command.name)) };
    case "start-instance":
      return { instance_status: statusFields(await service.startInstance(command.name, command.config, "ProtoBuf:1")) };
    case "get-instance-status":
      return { instance_status: statusFields(service.instanceStatus(command.instanceId)) };
    case "close-instance":
      return { instance_status: statusFields(service.closeInstance(command.instanceId)) };
    case "unknown":
      throw new RpcError("RPC_NO_METHOD", "there is no such command");
  }
}

function infoFields({ Name, ModTime, LoadTime, Phases, Version, Priority, Schema }: PluginInfo): PluginInfoFields {
  return {
    name: Name,
    updated_at: ModTime,
    loaded_at: LoadTime,
    phases: Phases,
    version: Version,
    priority: Priority,
    schema: JSON.stringify(Schema),
  };
}

function statusFields({ Name, Id, Config, StartTime }: InstanceStatus): InstanceStatusFields {
  return { name: Name, instance_id: Id, config: Config, started_at: StartTime };
}

/** What a message asks for, or what is wrong with it. */
export function readCommand(message: Buffer): RpcCall | Error {
  if (message === FOREIGN_FRAME) return new WireError("WIRE_FOREIGN", "its first bytes begin no message");
  if (message === OVERSIZED_FRAME) return new WireError("WIRE_TOO_LARGE", "a command; see -max-message-size");
  try {
    return decodeRpcCall(message);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
