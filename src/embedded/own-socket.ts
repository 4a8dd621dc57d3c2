// Serves a plugin's own socket inside its isolate: the isolate's thread reads the socket and runs the plugin, with no hop between.
import { join } from "node:path";
import type { OwnSocket } from "../channel/index.js";
import { type IsolateLimits, PluginPool, startThread } from "../isolates/index.js";
import { createLogger, type LogOptions } from "../program/index.js";
import type { ServeOwnSocket } from "../runtime/index.js";
import { PluginServer, type ServerOptions } from "../server/index.js";
import { generationOf } from "./generation-of.js";
import { InThreadPool } from "./in-thread-pool.js";
import { OnePlugin } from "./one-plugin.js";
import { SpreadPool } from "./spread-pool.js";

/** The sockets of all plugins of a server; an isolate is told of them as plain data. */
export interface OwnSocketOptions {
  /** Each plugin's is `NAME.socket` there. */
  readonly directory: string;
  readonly server: Omit<ServerOptions, "logger" | "socketPath">;
  readonly log: LogOptions;
  /** Isolates of each plugin: the one that serves the socket, and further ones beside it. */
  readonly isolates: number;
  readonly limits: IsolateLimits;
}

interface Settings extends OwnSocketOptions {
  readonly plugin: string;
  readonly path: string;
}

/** What the isolates of the plugin from `path` are told. */
export const ownSocketOf =
  (options: OwnSocketOptions) =>
  (plugin: string, path: string): OwnSocket => ({
    module: import.meta.url,
    settings: { ...options, plugin, path } satisfies Settings,
  });

export const serveOwnSocket: ServeOwnSocket = async (task, definition, tracking, settings) => {
  const { directory, server: options, log, plugin, path, isolates, limits } = settings as Settings;
  const generation = generationOf(definition, plugin, path);
  const socketPath = join(directory, `${plugin}.socket`);
  const logger = createLogger(log);
  const server = new PluginServer({
    ...options,
    socketPath,
    logger,
    createSource: (context) => new OnePlugin(generation, context),
    createPool: (_generation, listener) => {
      const own = new InThreadPool(definition, limits, tracking, listener);
      if (isolates === 1) return own;
      const { artifact } = task;
      return new SpreadPool(
        own,
        new PluginPool({ plugin, artifact, isolates: isolates - 1, startCarrier: startThread, limits, listener }),
      );
    },
  });
  await server.start();
  logger.info({ plugin, socket: socketPath }, `plugin ${plugin} ${generation.metadata.version} is listening on ${socketPath}`);
  return server;
};
