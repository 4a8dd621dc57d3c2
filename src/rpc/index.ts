// The door of rpc: messages to calls. It knows the service it asks and the hosts it runs events on, no plugin and no thread.
export { noInstance, RpcError } from "./errors.js";
export type { Event, EventRunner, FailureCall } from "./event.js";
export { EventTable } from "./event-table.js";
export { encodedText, methodOfCall, MsgpackRpc } from "./msgpack-rpc.js";
export type { InstanceStatus, PluginInfo, PluginService } from "./plugin-service.js";
