// The try command for Tyk: plugins, a stand-in of the gateway over real gRPC and HTTP, and an echo upstream.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "../../../core/model/index.js";
import type { Logger } from "pino";
import { startEchoUpstream } from "../../../gateways/kong/standin/index.js";
import { hooksOf, type PluginHooks } from "../../../gateways/tyk/conf/index.js";
import type { TykServer } from "../../../gateways/tyk/server/index.js";
import { GrpcDispatcher, httpUpstream, KeyStore, serveGateway, TykGateway } from "../../../gateways/tyk/standin/index.js";
import { createLogger, endOnFault } from "../../../core/log/index.js";
import { logOwnOutput } from "../../../gateways/kong/server/index.js";
import { endOfService, writeOutput } from "../../program/index.js";
import type { TryOptions } from "../command-line/invocation.js";
import { requireRelease } from "../command-line/tyk-release.js";
import { calledHooks } from "../load-directory.js";
import { lookRepeatedly } from "../trial/look-repeatedly.js";
import { tykInstructions } from "../trial/tyk-instructions.js";
import { TykTrialConfig, type TrialApis } from "../trial/tyk-trial-config.js";
import { createTykAlone } from "./create-servers.js";

const HOST = "127.0.0.1";
/** Milliseconds between two looks for changes of plugins and of the configuration. */
const LOOK = 300;

type Ends = (() => Promise<void> | void)[];

/** Resolves when it was told to end, with everything it started gone. */
export async function tryTyk(options: TryOptions): Promise<void> {
  const ending = endOfService(options.watchParent);
  const folder = await mkdtemp(join(tmpdir(), "pluginserver-try-tyk-"));
  const ends: Ends = [() => rm(folder, { recursive: true, force: true })];
  try {
    await startAll(options, folder, ends);
    await ending;
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

async function startAll(options: TryOptions, folder: string, ends: Ends): Promise<void> {
  const logger = createLogger(options.log);
  logOwnOutput(logger);
  endOnFault(logger);
  const release = requireRelease(options.tykVersion);
  const upstream = await startEchoUpstream({ host: HOST, port: 0 });
  ends.push(() => upstream.close());
  const apps = join(folder, "apps");
  const source = new TykTrialConfig(options.config, options.pluginsDirectory, upstream.url, apps);
  // The server wants the folder of definitions to be there.
  await source.read([]);
  const address = typeof options.trialOfTyk === "string" ? options.trialOfTyk : `unix://${join(folder, "tyk.sock")}`;
  const server = await createTykAlone(options, { address, apps }, logger);
  ends.push(() => server.close());
  await server.start();
  const dispatcher = new GrpcDispatcher({ server: server.url, release, authority: "localhost" });
  ends.push(() => dispatcher.close());
  const service = httpUpstream();
  ends.push(() => service.close());
  const store = new KeyStore();
  const gatewayFor = ({ apis }: TrialApis): TykGateway =>
    new TykGateway({ apis, dispatcher, upstream: service.ask, release, store, onLog: (line) => logger.warn(`gateway: ${line}`) });
  const version = await source.version();
  const plugins = pluginsOf(server);
  const found = await source.read(plugins);
  let gateway = gatewayFor(found);
  // Keys that hooks have accepted stay, as in a gateway that reloads its definitions.
  const http = await serveGateway({ handle: (...request) => gateway.handle(...request) }, { host: HOST, port: options.port });
  ends.push(() => http.close());
  const tell = ({ apis, source: from }: TrialApis): Promise<void> =>
    writeOutput(
      tykInstructions({
        url: http.url,
        version: release.version,
        apis,
        source: from,
        pluginsDirectory: options.pluginsDirectory,
      }),
    );
  await tell(found);
  if (!options.watch) return;
  const take = async (apis: TrialApis): Promise<void> => {
    gateway = gatewayFor(apis);
    await tell(apis);
  };
  ends.push(followChanges({ server, source, known: JSON.stringify([version, plugins]), logger, take }));
}

/** By their names. */
const pluginsOf = (server: TykServer): readonly PluginHooks[] =>
  server.engine.plugins
    .list()
    .map(({ generation }) => hooksOf(generation.name, calledHooks(generation)))
    .sort((left, right) => (left.plugin < right.plugin ? -1 : 1));

interface Followed {
  readonly server: TykServer;
  readonly source: TykTrialConfig;
  /** What the gateway was started with. */
  readonly known: string;
  readonly logger: Logger;
  readonly take: (apis: TrialApis) => Promise<void>;
}

/** Has the gateway take over what changes: definitions, plugins that come and go, their hooks. Returns how to end that. */
function followChanges({ server, source, known, logger, take }: Followed): () => Promise<void> {
  let seen = known;
  const look = async (): Promise<void> => {
    const [version, plugins] = [await source.version(), pluginsOf(server)];
    const found = JSON.stringify([version, plugins]);
    if (found === seen) return;
    seen = found;
    await take(await source.read(plugins));
  };
  return lookRepeatedly(look, {
    pause: LOOK,
    onError: (error) => logger.error(`the gateway goes on as before: ${messageOf(error)}`),
  });
}
