// The door of rpc: messages to calls. It knows the service it asks and the hosts it runs events on, no plugin and no thread.
export { Connection, type ConnectionHandler } from "./connection.js";
export type { Protocol } from "../msgpack/index.js";
export { noInstance, RpcError } from "./errors.js";
export { sendEventReply } from "./event-reply.js";
export { encodedText, methodOfCall } from "./events/call-text.js";
export { ErrorCalls } from "./events/error-calls.js";
export { EventTable } from "./events/event-table.js";
export { type EventOwner, GatewayEvent, type FailureCall } from "./events/gateway-event.js";
export { FAIL_CLOSED, failureCalls } from "./events/failure-calls.js";
export { GatewayRpc, type GatewayRpcOptions } from "./gateway-rpc.js";
export { MsgpackRpc, type PassedStep, type TakeStep } from "./msgpack-rpc.js";
export type { InstanceStatus, PluginInfo, PluginService } from "./plugin-service.js";
export { ProtobufRpc } from "./protobuf/protobuf-rpc.js";
export { ProtocolReader } from "./protocol-reader.js";
