// Composes the dynamic server: the plugins of a directory, each in isolates of its own.
import type { InspectorAddress, OwnSocket } from "../../../core/channel/index.js";
import { type IsolateLimits, type Isolation, PluginPool, startProcess, startThread } from "../../../core/isolates/index.js";
import type { PluginApi, VersionMatch } from "../../../core/plugins/index.js";
import type { TrustedKey } from "../../../core/signing/index.js";
import { PluginDirectory } from "../../../core/server/index.js";
import { checkAnnouncement } from "./check-announcement.js";
import { KONG_WORKER } from "./worker-module.js";
import { PluginServer, type ServerOptions } from "./plugin-server.js";

/** Times are in milliseconds, sizes in bytes. */
export interface DirectoryServerOptions extends ServerOptions {
  readonly pluginsDirectory: string;
  /** Whether changed plugins are noticed by themselves. */
  readonly watch: boolean;
  readonly isolatesPerPlugin: number;
  /** Where a plugin runs that does not say so itself. */
  readonly isolation: Isolation;
  readonly limits: IsolateLimits;
  /** What plugins get which bring none of their own. */
  readonly api: PluginApi;
  readonly versionMatch: VersionMatch;
  /** Where there are any, only built plugins that one of them signed are served. */
  readonly trustedKeys: readonly TrustedKey[];
  /** The socket that each plugin's isolate serves itself, for the plugin of this name and path; none by default. */
  readonly ownSocketOf: ((plugin: string, path: string) => (() => OwnSocket) | undefined) | undefined;
  /** The plugin that a debugger is let into. */
  readonly inspect: ({ readonly plugin: string } & InspectorAddress) | undefined;
}

export function serveDirectory(options: DirectoryServerOptions): PluginServer {
  const { pluginsDirectory: directory, watch, isolatesPerPlugin: isolates, limits, logger } = options;
  const { api, versionMatch, trustedKeys, inspect, ownSocketOf } = options;
  const { loadTimeout } = limits;
  return new PluginServer({
    ...options,
    withoutDeadline: inspect?.plugin,
    createPool: ({ name, path, artifact, metadata }, listener, isFormer = false) => {
      const inspector = name === inspect?.plugin && !isFormer ? inspect : undefined;
      // A thread at a breakpoint cannot be ended.
      const isProcess = (metadata.isolation ?? options.isolation) === "process" || inspector !== undefined;
      const startTransport = isProcess ? startProcess : startThread;
      const ownSocket = isFormer ? undefined : ownSocketOf?.(name, path);
      return new PluginPool({
        plugin: name,
        artifact,
        gatewayWorker: KONG_WORKER,
        isolates,
        startTransport,
        limits,
        listener,
        inspect: inspector,
        ownSocket,
        disposes: metadata.disposes,
      });
    },
    createSource: ({ served, onNewCode, onPluginLog }) =>
      new PluginDirectory({
        directory,
        watch,
        served,
        onNewCode,
        logger,
        load: {
          gatewayWorker: KONG_WORKER,
          checkDefinition: checkAnnouncement,
          api,
          versionMatch,
          trustedKeys,
          loadTimeout,
          limits,
          runsInit: true,
          onPluginLog,
        },
      }),
  });
}
