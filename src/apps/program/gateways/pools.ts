// Makes what runs the calls of a program's plugin: the thread of its server, or isolates.
import { limitLog, type CallHostListener } from "../../../core/channel/index.js";
import { PluginPool } from "../../../core/isolates/index.js";
import type { BindingPool, CreatePool } from "../../../core/server/index.js";
import {
  type CallTracking,
  captureOutput,
  type GatewayWorker,
  surviveStrayErrors,
  trackCalls,
} from "../../../core/worker/index.js";
import { pluginEnvironment } from "../environment.js";
import type { EmbeddedOptions } from "../options.js";
import type { ProgramPlugin } from "./program-gateway.js";

const ISOLATE_IDLE_TIMEOUT = 60_000;

/** What the plugin prints becomes lines of the log, as in an isolate. */
export function inThread(
  strayErrors: GatewayWorker["strayErrors"],
  createPool: (tracking: CallTracking, listener: CallHostListener) => BindingPool,
): CreatePool {
  return (_generation, listener) => {
    const log = limitLog((entry) => listener.onLog(entry));
    captureOutput(log);
    const tracking = trackCalls();
    surviveStrayErrors(log, strayErrors, tracking);
    return createPool(tracking, listener);
  };
}

/** @param gatewayWorker URL of the module that is the gateway's half in an isolate. */
export function inIsolates(
  { startTransport }: ProgramPlugin,
  { threads, limits, hiddenEnvironment }: EmbeddedOptions,
  gatewayWorker: string,
): CreatePool {
  const env = pluginEnvironment(hiddenEnvironment);
  return ({ name, artifact, metadata }, listener) =>
    new PluginPool({
      plugin: name,
      disposes: metadata.disposes,
      artifact,
      gatewayWorker,
      isolates: threads,
      startTransport,
      limits: { ...limits, env, idleTimeout: ISOLATE_IDLE_TIMEOUT },
      listener,
    });
}
