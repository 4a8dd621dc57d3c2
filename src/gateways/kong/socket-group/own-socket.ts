// Serves a plugin's own socket inside its isolate: the isolate's thread reads the socket and runs the plugin, with no hop between.
import { join } from "node:path";
import type { OwnSocketPlace } from "../../../core/isolates/index.js";
import type { ServedPath } from "../../../core/supervisor/index.js";
import type { ServeOwnSocket } from "../../../core/worker/index.js";
import type { KongDefinition } from "../worker/index.js";
import { LogLevels } from "../../../core/log/index.js";
import { requireShortPath } from "../../../core/net/index.js";
import { KeptPath } from "./kept-path.js";
import {
  createOwnServer,
  type OwnSocketOptions,
  type OwnSocketSettings,
  ownServerContext,
  sayListening,
  socketPathOf,
} from "./own-server.js";

/** Who hears what becomes of the paths. */
export interface OwnSocketObserver {
  /** The path would be too long for clients: no start of an isolate would mend that. */
  readonly onTooLong: (plugin: string, error: Error) => void;
  /** The path is not kept where no isolate listens. */
  readonly onNotKept: (plugin: string, error: Error) => void;
  readonly onChange: (change: ServedPath) => void;
  /** Whether another server has the path, and is to keep it. */
  readonly isAnothers: (plugin: string, path: string) => boolean;
}

/** The place of the own socket of a plugin from `path`. Undefined where the plugin can have none. */
export function ownSocketOf(
  options: OwnSocketOptions,
  levels: LogLevels,
  { onTooLong, onNotKept, onChange, isAnothers }: OwnSocketObserver,
): (plugin: string, path: string, isProcess: boolean) => OwnSocketPlace | undefined {
  const places = new Map<string, KeptPath>();
  return (plugin, path, isProcess) => {
    const level = isProcess ? undefined : levels.followedBy(plugin);
    const settings = { ...options, plugin, path, level } satisfies OwnSocketSettings;
    const socketPath = socketPathOf(settings);
    try {
      requireShortPath(socketPath, REMEDY);
    } catch (error) {
      onTooLong(plugin, error instanceof Error ? error : new Error(String(error)));
      return undefined;
    }
    if (isAnothers(plugin, socketPath)) return undefined;
    const place = new KeptPath({
      path: socketPath,
      mode: options.server.socketMode,
      // A process that starts later begins with what holds then.
      next: () => ({
        module: import.meta.url,
        settings: { ...settings, log: { ...options.log, level: levels.of(plugin) } },
      }),
      tellLevel: isProcess ? (listener) => levels.tell(plugin, listener) : undefined,
      onChange,
      onError: (error) => onNotKept(plugin, error),
    });
    places.get(plugin)?.supersede();
    places.set(plugin, place);
    return place;
  };
}

/** @throws {SocketError} where the directory leaves no room for a socket of any plugin. */
export const requireShortDirectory = (directory: string): void => requireShortPath(join(directory, "x.socket"), REMEDY);

const REMEDY = "use a shorter -plugin-sockets";

export const serveOwnSocket: ServeOwnSocket = async (task, definition, tracking, given, isolate) => {
  const told = given as OwnSocketSettings;
  // A process has its own memory for what it is told.
  const level = told.level ?? new LogLevels(told.log).followedBy(told.plugin);
  const settings = { ...told, level };
  const context = ownServerContext(settings, { definition: definition as KongDefinition, tracking, ...isolate });
  const logAt = (to: number): void => {
    level[0] = to;
  };
  // A debugger sees one isolate.
  if (settings.isolates > 1 && task.inspect === undefined) {
    const { serveSpreadSocket } = await import("./spread-socket.js");
    return { ...(await serveSpreadSocket({ ...context, task })), logAt };
  }
  const server = createOwnServer(context);
  await server.start();
  sayListening(context);
  return { close: () => server.close(), logAt };
};
