// The door of worker: what runs in an isolate.
export { type CallOrigin, type CallTracking, trackCalls, NO_TRACKING } from "./current-call.js";
export { composeWorkers, type ComposedDefinition } from "./compose-workers.js";
export { evaluateModule } from "./evaluate-module.js";
export { FailedHost } from "./failed-host.js";
export { captureOutput } from "./guards/capture-output.js";
export { surviveStrayErrors } from "./guards/survive-faults.js";
export type { ServeOwnSocket, OwnSocketServer } from "./own-socket.js";
export { serveIsolate } from "./serve-isolate.js";
export type { GatewayWorker, HostContext, PluginLifeCycle } from "./gateway-worker.js";
export { disposePlugin } from "./dispose-plugin.js";
