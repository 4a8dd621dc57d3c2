// The door of isolates: threads that run plugins, their pools and their supervision. It knows no RPC.
export { END_TIME, endOfThreads, type HungThread, onHungThread } from "./transports/hung-threads.js";
export type { IsolateLimits, OwnSocketPlace } from "./isolate-options.js";
export { LeadingHost } from "./prefetch-player.js";
export { PluginPool } from "./plugin-pool.js";
export { scanInIsolates, type ScanResult } from "./transports/scan-modules.js";
export type { TransportLimits, Isolation, StartTransport } from "./transports/transport.js";
export { isOwnThread, ownThread, startOwnThread } from "./transports/own-thread.js";
export { startThread } from "./transports/thread-transport.js";
export { startProcess } from "./transports/process-transport.js";
