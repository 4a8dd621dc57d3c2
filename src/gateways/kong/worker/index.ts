// The door of runtime: what runs plugin code in the thread it is in. Isolates reach it by the worker entry's path instead.
export { readResult } from "./calls/pdk-result.js";
export { type CodecFor, gatewayCodecs } from "./codecs.js";
export { type HandlerEvent } from "./handler-event.js";
export { ExitSignal } from "./exit-signal.js";
export { adaptModule } from "./forms/adapt-module.js";
export type { PluginDefinition } from "./forms/plugin-definition.js";
export { KongHost } from "./kong-host.js";
export { PrefetchLearner } from "./prefetch-learner.js";
export { type Announcement, metadataOf } from "./plugin-metadata.js";
export { rejectionFloats, rejectionLands, exceptionEscapes } from "./refusals.js";
export { checkRuntime } from "./self-check.js";
export { gatewayWorker } from "./gateway-worker.js";
