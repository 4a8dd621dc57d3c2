// Owns the message types of ProtoBuf:1 as protobufjs has them, made from the descriptor at first use.
import protobuf from "protobufjs/light.js";
import { MESSAGES } from "./plugin-socket.js";

/** A decoded message: fields by their names in the .proto file, those at their default left out. */
export type Fields = Readonly<Record<string, unknown>>;

export type MessageName = keyof typeof MESSAGES;

const root = protobuf.Root.fromJSON({ nested: MESSAGES });

const types = new Map<MessageName, protobuf.Type>();

function typeOf(name: MessageName): protobuf.Type {
  const known = types.get(name);
  if (known !== undefined) return known;
  const type = root.lookupType(name);
  types.set(name, type);
  return type;
}

export function encodeProtobuf(name: MessageName, fields: Fields): Uint8Array {
  return typeOf(name).encode(fields).finish();
}

/** @throws {Error} for bytes that are no such message. Unknown fields are passed over: a newer gateway may send them. */
export function decodeProtobuf(name: MessageName, bytes: Buffer): Fields {
  return typeOf(name).decode(bytes);
}

const parts = new Map<MessageName, ReadonlyMap<number, MessageName>>();

/** The fields whose values are messages themselves: of which type, by the fields' numbers. */
export function partsOf(name: MessageName): ReadonlyMap<number, MessageName> {
  const known = parts.get(name);
  if (known !== undefined) return known;
  const found = new Map(typeOf(name).fieldsArray.flatMap(({ id, type }) => (isMessageName(type) ? [[id, type] as const] : [])));
  parts.set(name, found);
  return found;
}

const isMessageName = (type: string): type is MessageName => Object.hasOwn(MESSAGES, type);

/** The fields that a message of this type can have. */
export function fieldsOf(name: MessageName): readonly { readonly name: string; readonly type: string }[] {
  return typeOf(name).fieldsArray.map(({ name: field, type }) => ({ name: field, type }));
}
