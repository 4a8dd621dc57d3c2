// The door of dispatcher: what becomes of a gateway's calls before an isolate has them.
export { ambiguousNames, type HookOwner, resolveEvent, resolveHook, type ResolvedHook } from "./hook-names.js";
