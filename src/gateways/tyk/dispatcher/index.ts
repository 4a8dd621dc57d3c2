// The door of dispatcher: what becomes of a gateway's calls before an isolate has them.
export { Dispatcher, DISPATCHER_SERVICE, type DispatcherOptions } from "./dispatcher.js";
export { type BundleIndex, callableFunctions } from "./hook-table.js";
export { HookLog, type HookPlace } from "./hook-log.js";
export { ambiguousNames, type HookOwner, resolveEvent, resolveHook, type ResolvedHook } from "./hook-names.js";
export type { RunningHook } from "./running-hook.js";
