// The door of protobuf: the messages of ProtoBuf:1, and PDK calls in them. It knows no connection and no event.
export { FOREIGN_FRAME, OVERSIZED_FRAME, FrameReader } from "./frame-reader.js";
export { assertResultSize, decodePdkResult, encodePdkCall, methodOfPdkCall } from "./pdk-call.js";
export { BodyFile } from "./pdk-result.js";
export { pdkSignature } from "./pdk-service.js";
export {
  decodeRpcCall,
  encodeRpcReturn,
  END_OF_EVENT,
  type InstanceStatusFields,
  type PluginInfoFields,
  type RpcCall,
  type RpcCommand,
  type RpcResult,
} from "./rpc-message.js";
