// The door of worker: what runs in an isolate.
export { type CallOrigin, type CallTracking, trackCalls, NO_TRACKING } from "./current-call.js";
export { composeWorkers, type ComposedDefinition } from "./compose-workers.js";
export { diagnose } from "./diagnose.js";
export { evaluateModule } from "./evaluate-module.js";
export { FailedHost, type GatewayWorker, type HostContext } from "./gateway-worker.js";
export { captureOutput, surviveStrayErrors } from "./guards/survive-faults.js";
export {
  disposePlugin,
  type LifeCycleContext,
  lifeCycleOf,
  type LifeCycleFunctions,
  type PluginLifeCycle,
} from "./life-cycle.js";
export { pluginLogger, type PluginLogger, printEntry, type WriteEntry } from "./guards/plugin-log.js";
export type { ServeOwnSocket, ServingIsolate, OwnSocketServer } from "./own-socket.js";
export { serveIsolate } from "./serve-isolate.js";
