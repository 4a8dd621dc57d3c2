// Makes the pools of a server whose plugins run in isolates of their own.
import type { HostMessage, InspectorAddress } from "../channel/index.js";
import {
  type IsolateLimits,
  type Isolation,
  type OwnSocketPlace,
  PluginPool,
  startProcess,
  startThread,
  type StartTransport,
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
    const ownSocket = isFormer ? undefined : ownSocketOf?.(name, path, isProcess);
    return new PluginPool({
      plugin: name,
      artifact,
      gatewayWorker,
      isolates,
      startTransport: isProcess ? startProcessThatIsTold(ownSocket) : startThread,
      limits,
      listener,
      telemetry,
      inspect: inspector,
      ownSocket,
      disposes: metadata.disposes,
    });
  };
}

/** Threads follow what is logged in memory that they share. */
function startProcessThatIsTold(ownSocket: OwnSocketPlace | undefined): StartTransport {
  const tellLevel = ownSocket?.tellLevel;
  if (tellLevel === undefined) return startProcess;
  return (task, limits) => {
    const transport = startProcess(task, limits);
    const stop = tellLevel((level) => transport.port.postMessage({ kind: "log-level", level } satisfies HostMessage));
    transport.ended.then(stop, stop);
    return transport;
  };
}
