// Makes the pools of a server whose plugins run in isolates of their own.
import type { InspectorAddress } from "../channel/index.js";
import {
  type IsolateLimits,
  type Isolation,
  type OwnSocketPlace,
  PluginPool,
  startProcess,
  startThread,
} from "../isolates/index.js";
import type { CreatePool } from "./plugin-source.js";

export interface IsolatePoolsOptions {
  /** URL of the module that is the gateway's half in an isolate. */
  readonly gatewayWorker: string;
  readonly isolatesPerPlugin: number;
  /** Where a plugin runs that does not say so itself. */
  readonly isolation: Isolation;
  readonly limits: IsolateLimits;
  /** The plugin that a debugger is let into. */
  readonly inspect?: ({ readonly plugin: string } & InspectorAddress) | undefined;
  /** The socket that each plugin's isolate serves itself, for the plugin of this name and path; none by default. */
  readonly ownSocketOf?: ((plugin: string, path: string, isProcess: boolean) => OwnSocketPlace | undefined) | undefined;
}

export function isolatePools(options: IsolatePoolsOptions): CreatePool {
  const { gatewayWorker, isolatesPerPlugin: isolates, limits, inspect, ownSocketOf } = options;
  return ({ name, path, artifact, metadata }, listener, telemetry, isFormer = false) => {
    const inspector = name === inspect?.plugin && !isFormer ? inspect : undefined;
    // A thread at a breakpoint cannot be ended.
    const isProcess = (metadata.isolation ?? options.isolation) === "process" || inspector !== undefined;
    return new PluginPool({
      plugin: name,
      artifact,
      gatewayWorker,
      isolates,
      startTransport: isProcess ? startProcess : startThread,
      limits,
      listener,
      telemetry,
      inspect: inspector,
      ownSocket: isFormer ? undefined : ownSocketOf?.(name, path, isProcess),
      disposes: metadata.disposes,
    });
  };
}
