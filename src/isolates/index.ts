// The door of isolates: threads that run plugins, their pools and their supervision. It knows no RPC.
export { PluginPool, type PluginPoolOptions } from "./plugin-pool.js";
export { scanModules, type ScanOptions, type ScanResult } from "./scan-modules.js";
