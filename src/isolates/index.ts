// The door of isolates: threads that run plugins, their pools and their supervision. It knows no RPC.
export type { CarrierLimits, Isolation, StartCarrier } from "./carrier.js";
export { isOwnThread, ownThread, startOwnThread } from "./own-thread-carrier.js";
export { PluginPool, type PluginPoolOptions } from "./plugin-pool.js";
export type { IsolateLimits } from "./isolate-limits.js";
export { scanModules, type ScanOptions, type ScanResult } from "./scan-modules.js";
export { startProcess } from "./process-carrier.js";
export { startThread } from "./thread-carrier.js";
