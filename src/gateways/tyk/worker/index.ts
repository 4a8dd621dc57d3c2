// The door of worker: what runs plugin code in the thread it is in. Isolates reach it by its path.
export type { TykDefinition } from "./definition.js";
export { gatewayWorker } from "./gateway-worker.js";
export { plainSession } from "./known-session.js";
export { acceptSession } from "./new-session.js";
export { readPlugin } from "./read-plugin.js";
export { TykHost } from "./tyk-host.js";
