// Serves a plugin's own socket inside its isolate: the isolate's thread reads the socket and runs the plugin, with no hop between.
import { join } from "node:path";
import type { Logger } from "pino";
import type { OwnSocket } from "../../../core/channel/index.js";
import type { IsolateLimits } from "../../../core/isolates/index.js";
import type { Generation } from "../../../core/plugins/index.js";
import { createLogger, type LogOptions } from "../../../core/log/index.js";
import type { CallTracking, ServeOwnSocket } from "../../../core/worker/index.js";
import type { PluginDefinition } from "../worker/index.js";
import { requireShortPath } from "../../../core/net/index.js";
import {
  PluginServer,
  type PluginServerOptions,
  type ServerOptions,
  generationOf,
  InThreadPool,
  OnePlugin,
} from "../server/index.js";

/** The sockets of all plugins of a server; an isolate is told of them as plain data. */
export interface OwnSocketOptions {
  /** Each plugin's is `NAME.socket` there. */
  readonly directory: string;
  readonly server: Omit<ServerOptions, "listen" | "logger" | "socketPath">;
  readonly log: LogOptions;
  /** How many isolates of each plugin take turns at its socket. */
  readonly isolates: number;
  readonly limits: IsolateLimits;
}

export interface OwnSocketSettings extends OwnSocketOptions {
  readonly plugin: string;
  readonly path: string;
}

/**
 * What an isolate of the plugin from `path` is told. Undefined where the path of its socket would be too long for clients, which
 * `onTooLong` hears of: no start of an isolate would mend that.
 */
export const ownSocketOf =
  (options: OwnSocketOptions, onTooLong: (plugin: string, error: Error) => void) =>
  (plugin: string, path: string): (() => OwnSocket) | undefined => {
    const settings = { ...options, plugin, path } satisfies OwnSocketSettings;
    try {
      requireShortPath(socketPathOf(settings), REMEDY);
    } catch (error) {
      onTooLong(plugin, error instanceof Error ? error : new Error(String(error)));
      return undefined;
    }
    return () => ({ module: import.meta.url, settings });
  };

/** @throws {SocketError} where the directory leaves no room for a socket of any plugin. */
export const requireShortDirectory = (directory: string): void => requireShortPath(join(directory, "x.socket"), REMEDY);

const REMEDY = "use a shorter -plugin-sockets";

export const serveOwnSocket: ServeOwnSocket = async (task, definition, tracking, given, onProductive) => {
  const settings = given as OwnSocketSettings;
  const context = ownServerContext(settings, { definition: definition as PluginDefinition, tracking, onProductive });
  // A debugger sees one isolate.
  if (settings.isolates > 1 && task.inspect === undefined) {
    const { serveSpreadSocket } = await import("./spread-socket.js");
    return serveSpreadSocket({ ...context, task });
  }
  const server = createOwnServer(context);
  await server.start();
  sayListening(context);
  return server;
};

/** What an isolate brings along. */
interface IsolateContext {
  readonly definition: PluginDefinition;
  readonly tracking: CallTracking;
  /** Called when a handler has returned for the first time. */
  readonly onProductive: () => void;
}

export interface OwnServerContext extends IsolateContext {
  readonly settings: OwnSocketSettings;
  readonly generation: Generation;
  readonly logger: Logger;
}

/** @throws {EmbeddedError} where a gateway would refuse the plugin. */
export function ownServerContext(settings: OwnSocketSettings, isolate: IsolateContext): OwnServerContext {
  const { plugin, path, log } = settings;
  const generation = generationOf(isolate.definition, plugin, path);
  return { ...isolate, settings, generation, logger: createLogger(log) };
}

export const socketPathOf = ({ directory, plugin }: OwnSocketSettings): string => join(directory, `${plugin}.socket`);

/** A server of the plugin that is in this thread; with siblings one of several. */
export function createOwnServer(
  { definition, tracking, onProductive, settings, generation, logger }: OwnServerContext,
  given: Pick<PluginServerOptions, "siblings"> = {},
): PluginServer {
  const { server: options, limits } = settings;
  return new PluginServer({
    ...options,
    ...given,
    socketPath: socketPathOf(settings),
    logger,
    createSource: (context) => new OnePlugin(generation, context),
    createPool: ({ name }, listener) =>
      new InThreadPool(definition, { ...limits, plugin: name, onFirstReturn: onProductive }, tracking, listener),
  });
}

export function sayListening({ settings, generation, logger }: OwnServerContext): void {
  const { plugin, isolates } = settings;
  const { version } = generation.metadata;
  const socket = socketPathOf(settings);
  const spread = isolates === 1 ? "" : `, in ${isolates} isolates`;
  logger.info({ plugin, socket }, `plugin ${plugin} ${version} is listening on ${socket}${spread}`);
}
