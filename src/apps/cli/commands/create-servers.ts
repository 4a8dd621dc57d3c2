// Makes the servers that a command line asks for: Kong's, Tyk's, or both over one directory.
import { dirname, join, resolve } from "node:path";
import type { Logger } from "pino";
import type { OwnSocketOptions, ownSocketOf } from "../../../gateways/kong/socket-group/index.js";
import { type PluginServer, serveDirectory, SHORTER_PATH } from "../../../gateways/kong/server/index.js";
import { droppedLines, LogLevels } from "../../../core/log/index.js";
import { pluginEnvironment, requireDirectory, requireWritable } from "../../program/index.js";
import { SOCKET_NAME } from "../../flags/index.js";
import { PLUGIN_API } from "../../plugin-api/index.js";
import { type Front, type SocketPlace } from "../../../core/supervisor/index.js";
import { inheritedSockets } from "../../../core/service-manager/index.js";
import type { IsolateLimits } from "../../../core/isolates/index.js";
import type { TykServer } from "../../../gateways/tyk/server/index.js";
import { Telemetry } from "../../../core/telemetry/index.js";
import { traceRatioOf } from "../../admin/index.js";
import { packageVersion } from "../projects/project-files.js";
import { KONG_SOCKET, requireAddress, TYK_SOCKET, tykPlace } from "../../flags/index.js";
import { namesBundle, type ServeOptions, type TykServing } from "../command-line/invocation.js";
import type { createTykServer as CreateTykServer } from "../serve-tyk.js";
import { caching, trustedKeys } from "../load-directory.js";

const ISOLATE_IDLE_TIMEOUT = 60_000;
/** What an isolate may take to end when its events have had their time, in milliseconds. */
const END_GRACE = 1500;

export interface CreatedServers {
  /** Kong's, where it is served. */
  readonly kong: { readonly server: PluginServer; readonly socketPath: string } | undefined;
  readonly tyk: TykServer | undefined;
  /** Where both count. */
  readonly telemetry: Telemetry;
}

/** Kong's server alone. */
export async function createServer(options: ServeOptions, logger: Logger): Promise<{ server: PluginServer; socketPath: string }> {
  const { kong } = await createServers({ ...options, tyk: undefined }, await serverTelemetry(), logger);
  if (kong === undefined) throw new Error("a server without Tyk is Kong's");
  return kong;
}

export const serverTelemetry = async (): Promise<Telemetry> =>
  new Telemetry({ version: await packageVersion(), droppedLogLines: droppedLines });

/** Tyk's server alone, with the API definitions of a folder. */
export async function createTykAlone(
  options: ServeOptions,
  place: Pick<TykServing, "address" | "apps">,
  logger: Logger,
): Promise<TykServer> {
  const serving = { ...place, api: undefined, secretFile: undefined, bundles: undefined, isAlone: true };
  const { tyk } = await createServers({ ...options, tyk: serving }, await serverTelemetry(), logger);
  if (tyk === undefined) throw new Error("a server that is for Tyk is Tyk's");
  return tyk;
}

export async function createServers(
  options: ServeOptions,
  telemetry: Telemetry,
  logger: Logger,
  front?: Front,
  levels = new LogLevels(options.log),
): Promise<CreatedServers> {
  const { tyk } = options;
  const socketPath = tyk?.isAlone === true ? undefined : await requirePlaces(options, front?.areInherited);
  if (socketPath === undefined && !options.bundlesOnly && !namesBundle(options))
    await requireDirectory(options.pluginsDirectory, "the plugins directory");
  const limits = limitsOf(options);
  const common = {
    socketMode: options.socketMode,
    protocol: options.protocol,
    eventTimeout: options.eventTimeout,
    onError: options.onError,
    instanceTimeout: options.instanceTimeout,
    drainTimeout: options.drainTimeout,
    maxMessageSize: options.maxMessageSize,
    maxConnections: options.maxConnections,
  };
  const pools = {
    // An isolate that serves its own socket starts the others beside it itself.
    isolatesPerPlugin: options.pluginSockets === undefined ? options.threads : 1,
    isolation: options.isolation,
    limits,
    inspect: options.inspect,
    ownSocketOf: await ownSockets(options, common, limits, { logger, levels, front }),
  };
  const load = {
    api: PLUGIN_API,
    versionMatch: options.pdkMatch,
    trustedKeys: await trustedKeys(options.trust),
    loadTimeout: options.loadTimeout,
    limits,
    runsInit: true,
    ...caching(options, logger),
  };
  const listenForTyk = tykPlaceOf(options) === undefined ? undefined : front?.listenOn(TYK_SOCKET);
  const beside =
    tyk === undefined ? undefined : await tykServer({ ...options, tyk, telemetry }, pools, load, logger, listenForTyk);
  if (socketPath === undefined) return { kong: undefined, tyk: beside?.server, telemetry };
  const server = serveDirectory({
    ...common,
    ...pools,
    ...load,
    telemetry,
    pluginsDirectory: resolve(options.pluginsDirectory),
    watch: options.watch,
    socketPath,
    createSource: beside?.kongSource,
    logger,
    listen: front?.listenOn(KONG_SOCKET),
    keeper: front?.keeper,
  });
  return { kong: { server, socketPath }, tyk: beside?.server, telemetry };
}

/** What only Tyk needs is loaded with it. */
const tykServer = async (...given: Parameters<typeof CreateTykServer>): ReturnType<typeof CreateTykServer> =>
  (await import("../serve-tyk.js")).createTykServer(...given);

const limitsOf = (options: ServeOptions): IsolateLimits => ({
  memory: options.isolateMemory,
  maxCalls: options.maxEvents,
  stallTimeout: options.stallTimeout,
  loadTimeout: options.loadTimeout,
  maxBodySize: options.maxMessageSize,
  idleTimeout: ISOLATE_IDLE_TIMEOUT,
  endTimeout: options.drainTimeout + END_GRACE,
  disposeTimeout: options.drainTimeout,
  env: pluginEnvironment(options.hiddenEnvironment),
});

/** Resolves with the path of the socket, which may be there already: then nothing is made beside it. */
async function requirePlaces(options: ServeOptions, isInherited = inheritedSockets().length > 0): Promise<string> {
  const { pluginsDirectory, socket, kongPrefix } = options;
  if (!namesBundle(options)) await requireDirectory(pluginsDirectory, "the plugins directory");
  const socketPath = resolve(socket ?? join(kongPrefix, SOCKET_NAME));
  if (!isInherited)
    await requireWritable(dirname(socketPath), socket === undefined ? "the Kong prefix" : "the socket's directory");
  return socketPath;
}

async function ownSockets(
  { pluginSockets, log, threads: isolates, traces }: ServeOptions,
  server: OwnSocketOptions["server"],
  limits: OwnSocketOptions["limits"],
  { logger, levels, front }: { readonly logger: Logger; readonly levels: LogLevels; readonly front: Front | undefined },
): Promise<ReturnType<typeof ownSocketOf> | undefined> {
  if (pluginSockets === undefined) return undefined;
  await requireWritable(pluginSockets, "the directory of the plugins' sockets");
  const group = await import("../../../gateways/kong/socket-group/index.js");
  const directory = resolve(pluginSockets);
  group.requireShortDirectory(directory);
  const left = await front?.left;
  return group.ownSocketOf({ directory, server, log, isolates, limits, traceRatio: traceRatioOf(traces) }, levels, {
    onTooLong: (plugin, { message }) =>
      logger.error({ plugin }, `plugin ${plugin} has no socket of its own, only the shared one: ${message}`),
    onNotKept: (plugin, { message }) =>
      logger.warn({ plugin }, `gateways are refused at the socket of plugin ${plugin} until its isolate listens: ${message}`),
    onChange: (change) => front?.pathChanged?.(change),
    isAnothers: (plugin, path) => {
      if (left?.has(path) !== true) return false;
      logger.warn({ plugin }, `plugin ${plugin} is served on the shared socket alone: another server has taken ${path} over`);
      return true;
    },
  });
}

/** Those that another process can hold; all or none, as both are started anew together. */
export async function placesOf(options: ServeOptions): Promise<readonly SocketPlace[]> {
  const { tyk, socketMode: mode } = options;
  const place = tykPlaceOf(options);
  if (tyk !== undefined && place === undefined) return [];
  const ofTyk = place === undefined ? [] : [place];
  if (tyk?.isAlone === true) return ofTyk;
  return [{ name: KONG_SOCKET, path: await requirePlaces(options), mode, remedy: SHORTER_PATH }, ...ofTyk];
}

const tykPlaceOf = ({ tyk, socketMode }: ServeOptions): SocketPlace | undefined =>
  tyk === undefined ? undefined : tykPlace(requireAddress(tyk.address), socketMode);
