// The serve command: runs the server until a signal, or the loss of its parent, ends it.
import { dirname, join, resolve } from "node:path";
import type { Logger } from "pino";
import type { OwnSocketOptions, ownSocketOf } from "../../../gateways/kong/socket-group/index.js";
import { logOwnOutput, type PluginServer, serveDirectory, SHORTER_PATH } from "../../../gateways/kong/server/index.js";
import { warnOfDescriptors } from "../../../core/net/index.js";
import { createLogger, droppedLines, endOnFault, LogLevels } from "../../../core/log/index.js";
import { endOfService, pluginEnvironment, requireDirectory, requireWritable, ServiceReport } from "../../program/index.js";
import { FLAGS, SOCKET_NAME } from "../../flags/index.js";
import { misspelledVariables } from "../../settings/index.js";
import { PLUGIN_API } from "../../plugin-api/index.js";
import {
  EarlySockets,
  type Front,
  sameCommand,
  type SocketPlace,
  Supervised,
  supervise,
  supervisorOfThis,
  WatchedFront,
} from "../../../core/supervisor/index.js";
import { inheritedSockets, ServiceManager } from "../../../core/service-manager/index.js";
import type { AdministeredEngine } from "../../../core/server/index.js";
import type { IsolateLimits } from "../../../core/isolates/index.js";
import type { TykServer } from "../../../gateways/tyk/server/index.js";
import { Telemetry } from "../../../core/telemetry/index.js";
import { openAdmin, traceRatioOf } from "../../admin/index.js";
import { packageVersion } from "../projects/project-files.js";
import { KONG_SOCKET, requireAddress, TYK_SOCKET, tykPlace } from "../../flags/index.js";
import type { BundledPlugins } from "../../bundles/index.js";
import { namesBundle, type ServeOptions, type TykServing } from "../invocation.js";
import type { createTykServer as CreateTykServer } from "../serve-tyk.js";
import { loadOptions, trustedKeys } from "../load-directory.js";
import { ownSocketPaths } from "../listen-early.js";

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

const serverTelemetry = async (): Promise<Telemetry> =>
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

async function createServers(
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
  return group.ownSocketOf({ directory, server, log, isolates, limits, traceRatio: traceRatioOf(traces) }, levels, {
    onTooLong: (plugin, { message }) =>
      logger.error({ plugin }, `plugin ${plugin} has no socket of its own, only the shared one: ${message}`),
    onNotKept: (plugin, { message }) =>
      logger.warn({ plugin }, `gateways are refused at the socket of plugin ${plugin} until its isolate listens: ${message}`),
    onChange: (change) => front?.pathChanged?.(change),
  });
}

/** Resolves with the status to end with, when the server has ended. */
export async function serve(options: ServeOptions, sockets: EarlySockets | undefined): Promise<number> {
  const supervised = supervisorOfThis();
  const held = supervised === undefined && sockets === undefined ? await holdSockets(options) : undefined;
  if (held?.areInherited === false) {
    const { pluginSockets, pluginsDirectory, socketMode: mode, watchParent } = options;
    const ownSockets = pluginSockets === undefined ? undefined : { directory: resolve(pluginSockets), pluginsDirectory, mode };
    return supervise({ sockets: held, servedPaths: ownSocketPaths(ownSockets), watchParent, command: sameCommand() });
  }
  await serveHere(options, supervised ?? sockets ?? held);
  return 0;
}

/** Undefined where the server itself is to listen. */
async function holdSockets(options: ServeOptions): Promise<EarlySockets | undefined> {
  const areInherited = inheritedSockets().length > 0;
  if (!areInherited && !options.isSupervised) return undefined;
  const places = await placesOf(options);
  return areInherited || places.length > 0 ? EarlySockets.open(places) : undefined;
}

/** Those that another process can hold; all or none, as both are started anew together. */
async function placesOf(options: ServeOptions): Promise<readonly SocketPlace[]> {
  const { tyk, socketMode: mode } = options;
  const place = tykPlaceOf(options);
  if (tyk !== undefined && place === undefined) return [];
  const ofTyk = place === undefined ? [] : [place];
  if (tyk?.isAlone === true) return ofTyk;
  return [{ name: KONG_SOCKET, path: await requirePlaces(options), mode, remedy: SHORTER_PATH }, ...ofTyk];
}

const tykPlaceOf = ({ tyk, socketMode }: ServeOptions): SocketPlace | undefined =>
  tyk === undefined ? undefined : tykPlace(requireAddress(tyk.address), socketMode);

async function serveHere(options: ServeOptions, front: Front | undefined): Promise<void> {
  const levels = new LogLevels(options.log);
  const logger = createLogger(options.log, levels);
  if (front instanceof Supervised) front.logBy((text) => logger.warn(text));
  for (const warning of misspelledVariables(FLAGS, process.env)) logger.warn(warning);
  logOwnOutput(logger);
  endOnFault(logger);
  const manager = ServiceManager.open((text) => logger.warn(text));
  const telemetry = await serverTelemetry();
  const bundled = namesBundle(options) ? await openBundles(options, telemetry, logger) : undefined;
  const place = bundled === undefined ? options : { ...options, pluginsDirectory: bundled.directory, watch: false };
  const watched = front === undefined ? undefined : new WatchedFront(front);
  const { kong, tyk } = await createServers(place, telemetry, logger, watched, levels);
  const servers = [kong?.server, tyk].filter((server) => server !== undefined);
  const admin = await openAdmin(options, telemetry, logger);
  const { Operator, adminPlaceOf } = await import("../../operator/index.js");
  const operator = await Operator.open({
    path: adminPlaceOf(kong?.socketPath, options.tyk?.address),
    engines: servers.map(({ engine }) => engine),
    telemetry,
    listening: () => [kong?.socketPath, tyk?.url].filter((place) => place !== undefined),
    unreachable: () => watched?.unreachable,
    levels,
    drainTimeout: options.drainTimeout,
    fetchPlugins: bundled?.lookAnew,
    publish: (path, route) => admin.router.add(path, route),
    logger,
  });
  const service = new ServiceReport(manager, () => operator.summary());
  const ending = Promise.race([endOfService(options.watchParent && !(front instanceof Supervised)), operator.drained]);
  // Before the start, which can take long: an unhandled SIGHUP ends the process.
  process.on("SIGHUP", () => {
    logger.info("got SIGHUP: looking for changed plugins");
    service
      .reloading(async () => {
        await bundled?.lookAnew();
        await Promise.all(servers.map((server) => server.reload()));
      })
      .catch((error: unknown) => logger.error({ err: error }, "the plugins directory could not be looked at"));
  });
  try {
    await Promise.all(servers.map((server) => server.start()));
  } catch (error) {
    await operator.giveUp();
    throw error;
  }
  front?.serving();
  operator.serving();
  if (options.watch) bundled?.poll(() => Promise.all(servers.map((server) => server.reload())));
  warnOfDescriptors(logger, options.maxConnections);
  warnOfInspector(options, servers, logger);
  if (kong !== undefined)
    logger.info({ socket: kong.socketPath }, `pluginserver ${process.pid} is listening on ${kong.socketPath}`);
  if (tyk !== undefined) logger.info(`pluginserver ${process.pid} is listening for Tyk gateways on ${tyk.url}`);
  await service.serving();
  const reason = await ending;
  logger.info(`${reason}: finishing the events that run`);
  const told = service.ending();
  await operator.draining();
  await Promise.all(servers.map((server) => server.close()));
  await bundled?.close();
  operator.close();
  await admin.close();
  await told;
  logger.info("ended");
}

/** What only bundles need is loaded with them. */
async function openBundles(options: ServeOptions, telemetry: Telemetry, logger: Logger): Promise<BundledPlugins | undefined> {
  const bundled = await (
    await import("../bundled-directory.js")
  ).openBundled(options, await loadOptions(options, logger), logger);
  if (bundled !== undefined) telemetry.tellBundles(() => bundled.figures());
  return bundled;
}

function warnOfInspector(
  { inspect }: ServeOptions,
  servers: readonly { readonly engine: AdministeredEngine }[],
  logger: Logger,
): void {
  if (inspect === undefined) return;
  const { plugin, host } = inspect;
  const names = [...new Set(servers.flatMap(({ engine }) => engine.plugins.list().map(({ generation }) => generation.name)))];
  if (!names.includes(plugin)) logger.warn(`-inspect: there is no plugin ${plugin}; there are: ${names.join(", ") || "none"}`);
  if (!isLoopback(host)) logger.warn(`-inspect: whoever can reach ${host} can run any code in plugin ${plugin}`);
}

const isLoopback = (host: string): boolean => host === "localhost" || host === "::1" || host.startsWith("127.");
