// Composes the dynamic server: the plugins of a directory, each in isolates of its own.
import type { LoadOptions, PluginApi, VersionMatch } from "../../../core/plugins/index.js";
import type { TrustedKey } from "../../../core/signing/index.js";
import { type CreateSource, isolatePools, type IsolatePoolsOptions, PluginDirectory } from "../../../core/server/index.js";
import { checkAnnouncement } from "./check-announcement.js";
import { KONG_WORKER } from "./plugin-info.js";
import { PluginServer, type ServerOptions } from "./plugin-server.js";

/** Times are in milliseconds, sizes in bytes. */
export interface DirectoryServerOptions
  extends ServerOptions, Omit<IsolatePoolsOptions, "gatewayWorker">, Pick<LoadOptions, "cache" | "onNotKept"> {
  readonly pluginsDirectory: string;
  /** Where the plugins come from, where others serve the same directory; by default it is read for this server alone. */
  readonly createSource?: CreateSource | undefined;
  /** Whether changed plugins are noticed by themselves. */
  readonly watch: boolean;
  /** What plugins get which bring none of their own. */
  readonly api: PluginApi;
  readonly versionMatch: VersionMatch;
  /** Where there are any, only built plugins that one of them signed are served. */
  readonly trustedKeys: readonly TrustedKey[];
}

export function serveDirectory(options: DirectoryServerOptions): PluginServer {
  const { pluginsDirectory: directory, watch, limits, logger, inspect } = options;
  const { api, versionMatch, trustedKeys, cache, onNotKept } = options;
  return new PluginServer({
    ...options,
    withoutDeadline: inspect?.plugin,
    createPool: isolatePools({ ...options, gatewayWorker: KONG_WORKER }),
    createSource:
      options.createSource ??
      (({ served, onNewCode, onPluginLog }) =>
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
            loadTimeout: limits.loadTimeout,
            limits,
            runsInit: true,
            cache,
            ...(onNotKept === undefined ? {} : { onNotKept }),
            onPluginLog,
          },
        })),
  });
}
