// The door of runtime: what runs plugin code in the thread it is in. Isolates reach it by the worker entry's path instead.
export { readResult } from "./calls/pdk-result.js";
export { type CodecFor, gatewayCodecs } from "./codecs.js";
export { type HandlerEvent } from "./handler-event.js";
export { adaptModule } from "./forms/adapt-module.js";
export type { KongDefinition } from "./forms/plugin-definition.js";
export { KongHost } from "./kong-host.js";
export { type Announcement, metadataOf } from "./plugin-metadata.js";
export { rejectionFloats, rejectionLands } from "./refusals.js";
export { gatewayWorker } from "./gateway-worker.js";
