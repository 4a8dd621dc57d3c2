// The door of runtime: what runs plugin code in the thread it is in. Isolates reach it by the worker entry's path instead.
export { type CodecFor, gatewayCodecs } from "./codecs.js";
export type { CallCodec } from "./event.js";
export { captureOutput } from "./capture-output.js";
export { type EventTracking, trackEvents } from "./current-event.js";
export { FailedHost } from "./failed-host.js";
export { adaptModule } from "./forms/adapt-module.js";
export type { PluginDefinition } from "./forms/plugin-definition.js";
export { PluginFormError } from "./forms/plugin-form-error.js";
export { disposePlugin } from "./dispose-plugin.js";
export { evaluateModule } from "./evaluate-module.js";
export { LocalHost } from "./local-host.js";
export { readResult } from "./pdk-result.js";
export { metadataOf } from "./plugin-metadata.js";
export { serveIsolate } from "./serve-isolate.js";
export { rejectionFloats, rejectionLands } from "./refusals.js";
export { surviveStrayErrors } from "./survive-faults.js";
export type { OwnSocketServer, ServeOwnSocket } from "./own-socket.js";
