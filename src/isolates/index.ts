// The door of isolates: threads that run plugins, their pools and their supervision. It knows no RPC.
export type { CarrierLimits } from "./carrier.js";
export { type Isolation, PluginPool, type PluginPoolOptions } from "./plugin-pool.js";
export type { IsolateLimits } from "./supervised-isolate.js";
export { scanModules, type ScanOptions, type ScanResult } from "./scan-modules.js";
