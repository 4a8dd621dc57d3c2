// The door of runtime: what runs plugin code in the thread it is in. Isolates reach it by the worker entry's path instead.
export type { CallCodec } from "./event.js";
export { FailedHost } from "./failed-host.js";
export { LocalHost } from "./local-host.js";
