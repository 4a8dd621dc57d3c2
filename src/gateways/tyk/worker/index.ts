// The door of worker: what runs plugin code in the thread it is in. Isolates reach it by its path.
export type { BoundConfig } from "./config-reader.js";
export { AuthContext, type EndingHookContext, type ResponseHookContext } from "./contexts.js";
export type { AdaptedFunction, LoggedApi, TykDefinition } from "./definition.js";
export { gatewayWorker } from "./gateway-worker.js";
export type { HookCall } from "./hook-call.js";
export { plainSession } from "./known-session.js";
export { acceptSession } from "./new-session.js";
export { readPlugin } from "./read-plugin.js";
export type { HookRequest } from "./request.js";
export type { HookResponse } from "./response.js";
export { TykHost } from "./tyk-host.js";
