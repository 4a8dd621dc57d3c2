// The serve command: runs the server until a signal, or the loss of its parent, ends it.
import { resolve } from "node:path";
import type { Logger } from "pino";
import { logOwnOutput } from "../../../gateways/kong/server/index.js";
import { warnOfDescriptors } from "../../../core/net/index.js";
import { createLogger, endOnFault, logLine, LogLevels } from "../../../core/log/index.js";
import { endOfThreads } from "../../../core/isolates/index.js";
import { closingTime, endByHungThread, endOfService, ServiceReport } from "../../program/index.js";
import { FLAGS } from "../../flags/index.js";
import { misspelledVariables } from "../../settings/index.js";
import {
  EarlySockets,
  type Front,
  sameCommand,
  Supervised,
  supervise,
  supervisorOfThis,
  WatchedFront,
} from "../../../core/supervisor/index.js";
import { inheritedSockets, ServiceManager } from "../../../core/service-manager/index.js";
import type { AdministeredEngine } from "../../../core/server/index.js";
import type { Telemetry } from "../../../core/telemetry/index.js";
import { openAdmin } from "../../admin/index.js";
import type { BundledPlugins } from "../../bundles/index.js";
import { namesBundle, type ServeOptions } from "../command-line/invocation.js";
import { loadOptions } from "../load-directory.js";
import { ownSocketPaths } from "../listen-early.js";
import { createServers, placesOf, serverTelemetry } from "./create-servers.js";

/** Resolves with the status to end with, when the server has ended. */
export async function serve(options: ServeOptions, sockets: EarlySockets | undefined): Promise<number> {
  const supervised = supervisorOfThis();
  const held = supervised === undefined && sockets === undefined ? await holdSockets(options) : undefined;
  if (held?.areInherited === false) {
    const { pluginSockets, pluginsDirectory, socketMode: mode, watchParent } = options;
    const ownSockets = pluginSockets === undefined ? undefined : { directory: resolve(pluginSockets), pluginsDirectory, mode };
    return supervise({
      sockets: held,
      servedPaths: ownSocketPaths(ownSockets),
      watchParent,
      command: sameCommand(),
      log: (text) => logLine(options.log, text),
    });
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
  const { drainTimeout } = options;
  const engines = servers.map(({ engine }) => engine);
  const replaced = endByHungThread({ front: watched, engines, drainTimeout, logger });
  const ending = Promise.race([endOfService(options.watchParent && !(front instanceof Supervised)), operator.drained, replaced]);
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
  await Promise.all(servers.map((server) => server.close(closingTime(reason))));
  await bundled?.close();
  operator.close();
  await admin.close();
  await told;
  await endOfThreads();
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
