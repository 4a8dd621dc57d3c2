// The door of worker: what runs plugin code in the thread it is in. Isolates reach it by its path.
export type { BoundConfig } from "./config/config-reader.js";
export { AuthContext, type EndingHookContext, type ResponseHookContext } from "./calls/contexts.js";
export type { AdaptedFunction, LoggedApi, TykDefinition } from "./definition.js";
export { gatewayWorker } from "./gateway-worker.js";
export type { HookCall } from "./calls/hook-call.js";
export { plainSession } from "./session/known-session.js";
export { acceptSession } from "./session/new-session.js";
export { readPlugin } from "./read-plugin.js";
export type { HookRequest } from "./http/request.js";
export type { HookResponse } from "./http/response.js";
export { TykHost } from "./tyk-host.js";
