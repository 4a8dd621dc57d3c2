// Runs one plugin as a program: reads its command line, dumps or serves the plugin, and says with which status to end.
import { limitLog } from "../../core/channel/index.js";
import { warnOfDescriptors } from "../../core/net/index.js";
import { createLogger, droppedLines, endOnFault, logLine, LogLevels, writeStderr } from "../../core/log/index.js";
import { PDK_VERSION } from "../../gateways/kong/pdk/index.js";
import { removeSettings } from "./environment.js";
import { ServiceReport } from "./service-report.js";
import { inheritedSockets, ServiceManager } from "../../core/service-manager/index.js";
import { saysAllInOneLine, UsageError } from "../../core/model/index.js";
import { writeOutput } from "./output.js";
import { captureOutput, disposePlugin } from "../../core/worker/index.js";
import {
  EarlySockets,
  type Front,
  ownStderr,
  sameCommand,
  Supervised,
  supervise,
  supervisorOfThis,
  WatchedFront,
} from "../../core/supervisor/index.js";
import { openAdmin } from "../admin/index.js";
import { Telemetry } from "../../core/telemetry/index.js";
import { PROGRAM_FLAGS, usageText } from "../flags/index.js";
import { isTyk } from "../gateways/index.js";
import { endOfThreads } from "../../core/isolates/index.js";
import { closingTime, endByHungThread } from "./hung-threads.js";
import { type EmbeddedOptions, parseEmbedded } from "./options.js";
import { entriesTo, type LoadPlugin, type ProgramGateway, type ProgramPlugin } from "./gateways/program-gateway.js";
import { misspelledVariables, programSettings, Settings } from "../settings/index.js";

/** Resolves with the status that the process is to end with: 0, 1 for what failed, 2 for a wrong command line. */
export async function runProgram(
  program: string,
  argv: readonly string[],
  load: LoadPlugin,
  sockets?: EarlySockets,
): Promise<number> {
  let settings = Settings.NONE;
  try {
    settings = await programSettings(argv);
    const options = parseEmbedded(argv, program, settings);
    if (options.command === "help") writeStderr(usageText(program));
    else if (options.command === "dump") await dump(await load(options), options);
    else if (options.command === "version") await printVersion(await load(options));
    else return await serve(load, options, sockets);
    return 0;
  } catch (error) {
    return report(settings.explain(error), program);
  }
}

/** Only what its gateway needs is loaded. */
const gatewayFor = async (isForTyk: boolean): Promise<ProgramGateway> =>
  isForTyk ? (await import("./gateways/tyk-program.js")).tykProgram : (await import("./gateways/kong-program.js")).kongProgram;

async function dump(plugin: ProgramPlugin, options: EmbeddedOptions): Promise<void> {
  const gateway = await gatewayFor(options.tyk !== undefined || isTyk(plugin.generation));
  await writeOutput(`${JSON.stringify(gateway.dump(plugin, options))}\n`);
}

/** As go-pluginserver prints them; the version is the plugin's own. */
async function printVersion({ generation }: ProgramPlugin): Promise<void> {
  const { version } = generation.metadata;
  await writeOutput(`Version: ${version}\nPDK Version: ${PDK_VERSION}\nRuntime Version: node ${process.version}\n`);
}

async function serve(load: LoadPlugin, options: EmbeddedOptions, sockets: EarlySockets | undefined): Promise<number> {
  // Node.js opens its inspector at this signal.
  process.on("SIGUSR1", () => {});
  const gateway = await gatewayFor(options.tyk !== undefined);
  const places = await gateway.places(options, load);
  const supervised = supervisorOfThis();
  const isToHold = supervised === undefined && sockets === undefined && places.length > 0;
  const held = isToHold && (options.isSupervised || inheritedSockets().length > 0) ? await EarlySockets.open(places) : undefined;
  if (held?.areInherited === false)
    return supervise({
      sockets: held,
      watchParent: options.watchParent,
      command: sameCommand(),
      log: (text) => logLine(options.log, text),
    });
  // Node.js asks for it when a connection comes from the supervisor. A program of several files has its own already.
  ownStderr()(writeStderr);
  await servePlugin(await load(options), gateway, options, supervised ?? sockets ?? held);
  return 0;
}

async function servePlugin(
  plugin: ProgramPlugin,
  gateway: ProgramGateway,
  options: EmbeddedOptions,
  front: Front | undefined,
): Promise<void> {
  const levels = new LogLevels(options.log);
  const logger = createLogger(options.log, levels);
  if (front instanceof Supervised) front.logBy((text) => logger.warn(text));
  for (const warning of misspelledVariables(PROGRAM_FLAGS, process.env)) logger.warn(warning);
  // What runs in this thread has its variables.
  removeSettings();
  // In the thread of the plugin they are the plugin's faults.
  if (options.threads > 0) {
    endOnFault(logger);
    captureOutput(limitLog(({ level, message }) => logger[level](message)));
  }
  const manager = ServiceManager.open((text) => logger.warn(text));
  const { drainTimeout } = options;
  const telemetry = new Telemetry({ version: PDK_VERSION, droppedLogLines: droppedLines });
  const watched = front === undefined ? undefined : new WatchedFront(front);
  const context = { front: watched, logger, telemetry };
  const { server, place, adminPath, lifeCycle } = await gateway.createServer(plugin, options, context);
  const admin = await openAdmin(options, telemetry, logger);
  const { Operator } = await import("../operator/index.js");
  const operator = await Operator.open({
    path: adminPath,
    engines: [server.engine],
    telemetry,
    listening: () => [place()],
    unreachable: () => watched?.unreachable,
    levels,
    drainTimeout,
    publish: (path, route) => admin.router.add(path, route),
    logger,
  });
  const service = new ServiceReport(manager, () => operator.summary());
  const replaced = endByHungThread({ front: watched, engines: [server.engine], drainTimeout, logger });
  const ending = Promise.race([endOfService(options.watchParent && !(front instanceof Supervised)), operator.drained, replaced]);
  // Unhandled it would end the process.
  process.on("SIGHUP", () => logger.info("got SIGHUP: a program has nothing to reload, start it again"));
  try {
    await server.start();
  } catch (error) {
    await operator.giveUp();
    throw error;
  }
  front?.serving();
  operator.serving();
  warnOfDescriptors(logger, options.maxConnections);
  const { name, version } = plugin.generation.metadata;
  logger.info({ socket: place() }, `plugin ${name} ${version}, process ${process.pid}, is listening on ${place()}`);
  for (const warning of plugin.generation.warnings) logger.warn({ plugin: name }, `plugin ${name}: ${warning}`);
  await service.serving();
  const reason = await ending;
  logger.info(`${reason}: finishing the events that run`);
  const told = service.ending();
  await operator.draining();
  await server.close(closingTime(reason));
  operator.close();
  await admin.close();
  if (lifeCycle !== undefined) await disposePlugin(lifeCycle, drainTimeout, entriesTo(logger, name));
  await told;
  await endOfThreads();
  logger.info("ended");
}

function report(error: unknown, program: string): 1 | 2 {
  const text = saysAllInOneLine(error) ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
  writeStderr(`${program}: ${text}\n`);
  if (!(error instanceof UsageError)) return 1;
  writeStderr(usageText(program));
  return 2;
}

const PARENT_CHECK = 1000;

/** Resolves with the reason to end: a signal, or a parent that is gone. */
export function endOfService(watchParent: boolean): Promise<string> {
  return new Promise((resolveEnd) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolveEnd(`got ${signal}`));
    if (!watchParent) return;
    // Kong 2.3 leaves its plugin servers behind. In a container the parent can be process 1 from the start, so only a
    // change counts.
    const parent = process.ppid;
    const watch = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(watch);
      resolveEnd(`the parent process ${parent} is gone`);
    }, PARENT_CHECK);
    watch.unref();
  });
}
