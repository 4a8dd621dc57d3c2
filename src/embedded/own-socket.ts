// Serves a plugin's own socket inside its isolate: the isolate's thread reads the socket and runs the plugin, with no hop between.
import { join } from "node:path";
import type { Logger } from "pino";
import type { OwnSocket, PhaseHostListener } from "../channel/index.js";
import type { IsolateLimits } from "../isolates/index.js";
import { createLogger, type LogOptions } from "../program/index.js";
import { type EventTracking, metadataOf, type PluginDefinition, type ServeOwnSocket } from "../runtime/index.js";
import { PluginServer, type PluginServerOptions, type ServerOptions } from "../server/index.js";
import { generationOf } from "./generation-of.js";
import { InThreadPool } from "./in-thread-pool.js";
import { OnePlugin } from "./one-plugin.js";

/** The sockets of all plugins of a server; an isolate is told of them as plain data. */
export interface OwnSocketOptions {
  /** Each plugin's is `NAME.socket` there. */
  readonly directory: string;
  readonly server: Omit<ServerOptions, "logger" | "socketPath">;
  readonly log: LogOptions;
  /** How many isolates of each plugin take turns at its socket. */
  readonly isolates: number;
  readonly limits: IsolateLimits;
}

export interface OwnSocketSettings extends OwnSocketOptions {
  readonly plugin: string;
  readonly path: string;
}

/** What an isolate of the plugin from `path` is told. */
export const ownSocketOf = (options: OwnSocketOptions) => (plugin: string, path: string) => (): OwnSocket => ({
  module: import.meta.url,
  settings: { ...options, plugin, path } satisfies OwnSocketSettings,
});

export const serveOwnSocket: ServeOwnSocket = async (task, definition, tracking, given, onProductive) => {
  const settings = given as OwnSocketSettings;
  const logger = createLogger(settings.log);
  // A debugger sees one isolate.
  if (settings.isolates > 1 && task.inspect === undefined) {
    const { serveSpreadSocket } = await import("./spread-socket.js");
    return serveSpreadSocket({ task, definition, tracking, settings, logger, onProductive });
  }
  const server = createOwnServer({ definition, tracking, settings, logger, onProductive });
  await server.start();
  sayListening({ definition, settings, logger });
  return server;
};

export interface OwnServerContext {
  readonly definition: PluginDefinition;
  readonly tracking: EventTracking;
  readonly settings: OwnSocketSettings;
  readonly logger: Logger;
  /** Called when a handler has returned for the first time. */
  readonly onProductive: () => void;
}

export const socketPathOf = ({ directory, plugin }: OwnSocketSettings): string => join(directory, `${plugin}.socket`);

/** A server of the plugin that is in this thread; with siblings one of several. */
export function createOwnServer(
  { definition, tracking, settings, logger, onProductive }: OwnServerContext,
  given: Pick<PluginServerOptions, "siblings"> = {},
): PluginServer {
  const { server: options, plugin, path, limits } = settings;
  const generation = generationOf(definition, plugin, path);
  return new PluginServer({
    ...options,
    ...given,
    socketPath: socketPathOf(settings),
    logger,
    createSource: (context) => new OnePlugin(generation, context),
    createPool: (_generation, listener) =>
      new InThreadPool(definition, limits, tracking, tellingFirstReturn(listener, onProductive)),
  });
}

function tellingFirstReturn(listener: PhaseHostListener, tell: () => void): PhaseHostListener {
  let isTold = false;
  const onReturn = (eventId: number): void => {
    if (!isTold) tell();
    isTold = true;
    listener.onReturn(eventId);
  };
  return { ...listener, onReturn };
}

export function sayListening({
  definition,
  settings,
  logger,
}: Pick<OwnServerContext, "definition" | "settings" | "logger">): void {
  const { plugin, isolates } = settings;
  const { version } = metadataOf(definition, plugin);
  const socket = socketPathOf(settings);
  const spread = isolates === 1 ? "" : `, in ${isolates} isolates`;
  logger.info({ plugin, socket }, `plugin ${plugin} ${version} is listening on ${socket}${spread}`);
}
