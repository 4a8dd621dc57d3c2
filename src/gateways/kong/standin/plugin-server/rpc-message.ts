// MessagePack-RPC messages between the gateway and the plugin server, written and read with msgpack5.

import msgpack5 from "msgpack5";

import { ByteText } from "../../pdk-functions/index.js";
import { GatewayError } from "../errors.js";

export type ServerMessage =
  { kind: "notification"; name: unknown; argument: unknown } | { kind: "response"; id: unknown; error: unknown; result: unknown };

// Kong writes neither str8 nor, outside of bodies, bin: its strings are bytes. In msgpack5's compatibility mode a
// Buffer becomes a str of exactly these bytes, which is also the one way to send text that is not UTF-8.
const asText = msgpack5({ compatibilityMode: true });
const asBinary = msgpack5();

/** One request. `Data` that is a Buffer travels as bin, as the bodies of Kong 3.x do. */
export function encodeRequest(id: number, method: string, argument: unknown): Buffer {
  return Buffer.concat([Buffer.of(0x94, 0x00), encode(id), encode(method), Buffer.of(0x91), encodeArgument(argument)]);
}

function encodeArgument(argument: unknown): Buffer {
  const step = stepWithBinary(argument);
  if (step === undefined) return encode(argument);
  return Buffer.concat([Buffer.of(0x82), encode("EventId"), encode(step.EventId), encode("Data"), encodeData(step.Data)]);
}

function stepWithBinary(argument: unknown): { EventId: unknown; Data: Buffer } | undefined {
  if (typeof argument !== "object" || argument === null) return undefined;
  if (!("Data" in argument && "EventId" in argument) || !Buffer.isBuffer(argument.Data)) return undefined;
  return { EventId: argument.EventId, Data: argument.Data };
}

function encode(value: unknown): Buffer {
  return asText.encode(encodable(value)).slice();
}

function encodable(value: unknown): unknown {
  if (value instanceof ByteText) return value.bytes;
  if (value === undefined) return null;
  if (Array.isArray(value)) return value.map(encodable);
  if (value instanceof Map) return encodableMap(value);
  if (typeof value !== "object" || value === null || Buffer.isBuffer(value)) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key, encodable(item)]));
}

function encodableMap(map: ReadonlyMap<unknown, unknown>): unknown {
  const entries = [...map].map(([key, item]): [unknown, unknown] => [encodable(key), encodable(item)]);
  // msgpack5 warns on the console about a Map that could have been an object.
  const hasOtherKeys = entries.some(([key]) => typeof key !== "string");
  return hasOtherKeys ? new Map(entries) : Object.fromEntries(entries);
}

/** The `Data` of a Step, encoded as in a request. */
export function encodeData(data: unknown): Buffer {
  return Buffer.isBuffer(data) ? asBinary.encode(data).slice() : encode(data);
}

/** The `Data` of an answer, decoded as in a message. */
export function decodeData(bytes: Buffer): unknown {
  return asText.decode(bytes);
}

/** One whole message of the plugin server. */
export function decodeServerMessage(bytes: Buffer): ServerMessage {
  const message: unknown = asText.decode(bytes);
  if (!Array.isArray(message)) throw badReply("a message that is not an array");
  const [type, second, third, fourth] = message as unknown[];
  if (type === 2) return { kind: "notification", name: second, argument: third };
  if (type !== 1) throw badReply(`a message of type ${String(type)} (expected 1, a response, or 2, a notification)`);
  return { kind: "response", id: second, error: third ?? undefined, result: fourth ?? undefined };
}

function badReply(what: string): GatewayError {
  return new GatewayError("GATEWAY_BAD_REPLY", `the plugin server sent ${what}`);
}
