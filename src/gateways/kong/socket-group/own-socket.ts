// Serves a plugin's own socket inside its isolate: the isolate's thread reads the socket and runs the plugin, with no hop between.
import { join } from "node:path";
import type { OwnSocket } from "../../../core/channel/index.js";
import type { ServeOwnSocket } from "../../../core/worker/index.js";
import type { PluginDefinition } from "../worker/index.js";
import { requireShortPath } from "../../../core/net/index.js";
import {
  createOwnServer,
  type OwnSocketOptions,
  type OwnSocketSettings,
  ownServerContext,
  sayListening,
  socketPathOf,
} from "./own-server.js";

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

export const serveOwnSocket: ServeOwnSocket = async (task, definition, tracking, given, isolate) => {
  const settings = given as OwnSocketSettings;
  const context = ownServerContext(settings, { definition: definition as PluginDefinition, tracking, ...isolate });
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
