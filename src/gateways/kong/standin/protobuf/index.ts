// ProtoBuf:1 as the gateway speaks it.
export { ProtobufClient, type PlayPdkCall, type ProtobufClientOptions } from "./protobuf-client.js";
