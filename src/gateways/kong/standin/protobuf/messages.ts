// The messages of ProtoBuf:1 as the gateway writes and reads them: a codec of its own, from the descriptor that is shipped.

import { create, createFileRegistry, fromBinary, toBinary, type DescField, type DescMessage } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

import { GatewayError } from "../errors.js";
import { PLUGIN_SOCKET_DESCRIPTOR } from "./plugin-socket-descriptor.js";

const PACKAGE = "kong_plugin_protocol";

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, Buffer.from(PLUGIN_SOCKET_DESCRIPTOR, "base64")));

export type Fields = Readonly<Record<string, unknown>>;

/** The messages of one PDK function. */
export interface PdkMessages {
  readonly input: DescMessage;
  readonly output: DescMessage;
}

/** By the functions' names on the wire. */
export const pdkMessages: ReadonlyMap<string, PdkMessages> = new Map(
  (registry.getService(`${PACKAGE}.Kong`)?.methods ?? []).map(({ name, input, output }) => [wireName(name), { input, output }]),
);

/** Service_Request_SetHeader is kong.service.request.set_header. */
function wireName(rpc: string): string {
  const words = rpc.split("_").map((part) => part.replace(/[A-Z]/g, (letter, at: number) => (at === 0 ? letter : `_${letter}`)));
  return `kong.${words.join(".").toLowerCase()}`;
}

export function messageTypeOf(name: string): DescMessage {
  const message = registry.getMessage(`${PACKAGE}.${name}`);
  if (message === undefined) throw new Error(`there is no message ${name} in the descriptor`);
  return message;
}

/** Fields in the spelling of bufbuild: camel case, a oneof as `{case, value}`. */
export function encodeFields(message: DescMessage, fields: Fields): Buffer {
  return Buffer.from(toBinary(message, create(message, fields)));
}

/** @throws {GatewayError} for bytes that are no such message. */
export function decodeFields(message: DescMessage, bytes: Uint8Array): Fields {
  try {
    return fromBinary(message, bytes);
  } catch (error) {
    throw new GatewayError("GATEWAY_BAD_REPLY", `the plugin server sent bytes that are no ${message.name}`, error);
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

export type { DescField, DescMessage };
