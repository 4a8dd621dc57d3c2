// Gives the codec for what an event's gateway speaks; that of ProtoBuf:1 is loaded with the first event that needs it.
import { decodeValue, encodeCall, type Protocol } from "../msgpack/index.js";
import type { CallCodec } from "./handler-event.js";

/** A promise only until the codec has been loaded. */
export type CodecFor = (protocol: Protocol) => CallCodec | Promise<CallCodec>;

const MSGPACK: CallCodec = { encodeCall, decodeResult: (_method, data) => decodeValue(data) };

/** Bodies that a gateway leaves in a file are read up to `maxBodySize` bytes. */
export function gatewayCodecs(maxBodySize: number): CodecFor {
  let protobuf: CallCodec | undefined;
  let loading: Promise<CallCodec> | undefined;
  const load = async (): Promise<CallCodec> => {
    const { protobufCodec } = await import("./protobuf-codec.js");
    protobuf = protobufCodec(maxBodySize);
    return protobuf;
  };
  return (protocol) => (protocol === "MsgPack:1" ? MSGPACK : (protobuf ?? (loading ??= load())));
}
