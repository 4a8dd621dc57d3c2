// The try command: plugins, a stand-in gateway and an echo upstream on this machine, for a first look.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import { type Gateway, startEchoUpstream, startGateway } from "../../../gateways/kong/standin/index.js";
import { CommandError, messageOf } from "../../../core/model/index.js";
import { createLogger, endOnFault, LogLevels } from "../../../core/log/index.js";
import { endOfService, writeOutput } from "../../program/index.js";
import { logOwnOutput, type PluginServer } from "../../../gateways/kong/server/index.js";
import type { TryOptions } from "../command-line/invocation.js";
import { lookRepeatedly } from "../trial/look-repeatedly.js";
import { instructions } from "../trial/instructions.js";
import { TrialConfig } from "../trial/trial-config.js";
import { createServer } from "./create-servers.js";

const HOST = "127.0.0.1";
const EXAMPLES = fileURLToPath(new URL("../../../../plugins-dir", import.meta.url));
/** Milliseconds between two looks for changes of plugins and of the configuration. */
const LOOK = 300;

/** What the examples answer, by their routes. */
const EXAMPLE_ANSWERS = {
  hello: "the header x-hello-from-typescript: TypeScript says hello to 127.0.0.1:8000",
  "api-key":
    '401 {"message":"No API key found in request"}; with -H \'apikey: let-me-in\' 200, and the upstream saw x-consumer-name',
  transform: "with -d 'some text' the upstream got SOME TEXT, and the response has a line about its size",
  "hit-counter": "the header x-hits, one more with each call",
};

/** Resolves when it was told to end, with everything it started gone. */
export async function tryOut(given: TryOptions): Promise<void> {
  const { pluginsDirectory: directory } = given;
  const options = { ...given, pluginsDirectory: directory === "" ? EXAMPLES : directory };
  if (options.trialOfTyk !== undefined) return (await import("./try-tyk.js")).tryTyk(options);
  const ending = endOfService(options.watchParent);
  const prefix = await mkdtemp(join(tmpdir(), "pluginserver-try-"));
  const ends: (() => Promise<void>)[] = [() => rm(prefix, { recursive: true, force: true })];
  try {
    const { drained } = await startAll(options, prefix, ends);
    await Promise.race([ending, drained]);
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

/** `drained` resolves when an operator has it end. */
async function startAll(
  options: TryOptions,
  prefix: string,
  ends: (() => Promise<void>)[],
): Promise<{ readonly drained: Promise<string> }> {
  const levels = new LogLevels(options.log);
  const logger = createLogger(options.log, levels);
  logOwnOutput(logger);
  endOnFault(logger);
  const { server, socketPath } = await createServer({ ...options, kongPrefix: prefix, socket: options.socket }, logger);
  ends.push(() => server.close());
  const { Operator, adminPathOf } = await import("../../operator/index.js");
  const operator = await Operator.open({
    path: adminPathOf(socketPath),
    engines: [server.engine],
    telemetry: server.telemetry,
    listening: () => [socketPath],
    unreachable: () => undefined,
    levels,
    drainTimeout: options.drainTimeout,
    publish: () => {},
    logger,
  });
  ends.push(async () => {
    await operator.draining();
    operator.close();
  });
  await server.start();
  operator.serving();
  logger.info(`to see the server's state: pluginserver status -socket ${socketPath}`);
  const upstream = await startEchoUpstream({ host: HOST, port: 0 });
  ends.push(() => upstream.close());
  const source = new TrialConfig(options.config, options.pluginsDirectory, upstream.url);
  const version = await source.version();
  const pluginInfos = await server.pluginInfos();
  const { file, document } = await source.read(pluginInfos.map(({ Name }) => Name));
  const protocol = options.protocol === "ProtoBuf:1" ? "ProtoBuf:1" : "MsgPack:1";
  const gateway = await startGateway({
    protocol,
    config: document,
    socketPath,
    pluginInfos,
    host: HOST,
    port: options.port,
    logger,
  }).catch((error: unknown) => {
    throw inFile(file, error);
  });
  ends.push(() => gateway.close());
  const tell = (from: string | undefined): Promise<void> => {
    const { url, config } = gateway;
    const { pluginsDirectory } = options;
    const trial = { url, config, file: from, pluginsDirectory };
    return writeOutput(instructions(trial, pluginsDirectory === EXAMPLES ? EXAMPLE_ANSWERS : {}));
  };
  await tell(file);
  if (options.watch) ends.push(followChanges({ server, gateway, source, seen: { version, pluginInfos }, logger, tell }));
  return { drained: operator.drained };
}

interface Followed {
  readonly server: PluginServer;
  readonly gateway: Gateway;
  readonly source: TrialConfig;
  /** What the gateway was started with. */
  readonly seen: { readonly version: string; readonly pluginInfos: unknown };
  readonly logger: Logger;
  readonly tell: (file: string | undefined) => Promise<void>;
}

/** Has the gateway take over what changes: the file, plugins that come and go, schemas. Returns how to end that. */
function followChanges({ server, gateway, source, seen, logger, tell }: Followed): () => Promise<void> {
  let known = JSON.stringify(seen);
  const look = async (): Promise<void> => {
    const [version, pluginInfos] = [await source.version(), await server.pluginInfos()];
    const found = JSON.stringify({ version, pluginInfos });
    if (found === known) return;
    known = found;
    const { file, document } = await source.read(pluginInfos.map(({ Name }) => Name));
    try {
      gateway.reload(document, pluginInfos);
    } catch (error) {
      throw inFile(file, error);
    }
    await tell(file);
  };
  return lookRepeatedly(look, {
    pause: LOOK,
    onError: (error) => logger.error(`the gateway goes on as before: ${messageOf(error)}`),
  });
}

/** A mistake in the configuration is one in its file. */
function inFile(file: string | undefined, error: unknown): unknown {
  const isOfConfig = error instanceof Error && "code" in error && error.code === "GATEWAY_CONFIG";
  return isOfConfig && file !== undefined ? new CommandError(`${file}: ${error.message}`) : error;
}
