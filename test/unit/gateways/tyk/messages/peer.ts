// A second codec for the same messages: protobufjs, from coprocess.proto.
import { readFileSync } from "node:fs";
import protobuf from "protobufjs";

const PROTO = new URL("../../../../../src/gateways/tyk/messages/coprocess.proto", import.meta.url);

export const { root: peer } = protobuf.parse(readFileSync(PROTO, "utf8"), new protobuf.Root(), { keepCase: true });

const object = peer.lookupType("coprocess.Object");

export type Plain = Readonly<Record<string, unknown>>;

export const peerEncode = (fields: Plain): Buffer => Buffer.from(object.encode(object.fromObject(fields)).finish());

/** What came, without defaults: maps as objects, 64-bit numbers as numbers, bytes in base64. */
export const peerDecode = (bytes: Uint8Array): Plain =>
  object.toObject(object.decode(bytes), { longs: Number, bytes: String, enums: Number });
