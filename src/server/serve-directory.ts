// Composes the dynamic server: the plugins of a directory, each in isolates of its own.
import type { InspectorAddress } from "../channel/index.js";
import { type IsolateLimits, type Isolation, PluginPool } from "../isolates/index.js";
import type { PdkMatch } from "../plugins/index.js";
import type { TrustedKey } from "../stamp/index.js";
import { PDK_ENTRY, PDK_VERSION } from "./pdk-entry.js";
import { PluginDirectory } from "./plugin-directory.js";
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
  readonly pdkMatch: PdkMatch;
  /** Where there are any, only built plugins that one of them signed are served. */
  readonly trustedKeys: readonly TrustedKey[];
  /** The plugin that a debugger is let into. */
  readonly inspect: ({ readonly plugin: string } & InspectorAddress) | undefined;
}

export function serveDirectory(options: DirectoryServerOptions): PluginServer {
  const { pluginsDirectory: directory, watch, isolatesPerPlugin: isolates, limits, logger } = options;
  const { pdkMatch, trustedKeys, inspect } = options;
  const { loadTimeout } = limits;
  return new PluginServer({
    ...options,
    withoutDeadline: inspect?.plugin,
    createPool: ({ name: plugin, artifact, metadata }, listener) =>
      new PluginPool({
        plugin,
        artifact,
        isolates,
        isolation: metadata.isolation ?? options.isolation,
        limits,
        listener,
        inspect: plugin === inspect?.plugin ? inspect : undefined,
      }),
    createSource: ({ served, onNewCode, onPluginLog }) =>
      new PluginDirectory({
        directory,
        watch,
        served,
        onNewCode,
        logger,
        load: { pdkEntry: PDK_ENTRY, pdkVersion: PDK_VERSION, pdkMatch, trustedKeys, loadTimeout, limits, onPluginLog },
      }),
  });
}
