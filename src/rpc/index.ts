// The door of rpc: messages to calls. It knows the service it asks and the hosts it runs events on, no plugin and no thread.
export { encodedText, methodOfCall } from "./call-text.js";
export { ErrorCalls } from "./error-calls.js";
export { noInstance, RpcError } from "./errors.js";
export { Event, type EventRunner, type FailureCall } from "./event.js";
export { type EventIds, EventTable } from "./event-table.js";
export { FAIL_CLOSED, failureCalls } from "./failure-calls.js";
export { GatewayRpc, type GatewayRpcOptions } from "./gateway-rpc.js";
export { MsgpackRpc, type PassedStep, type TakeStep } from "./msgpack-rpc.js";
export { ProtobufRpc } from "./protobuf-rpc.js";
export type { InstanceStatus, PluginInfo, PluginService } from "./plugin-service.js";
