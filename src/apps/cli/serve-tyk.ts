// Serves Tyk gateways out of the same directory as Kong's: one process reads, compiles and watches it for both.
import { resolve } from "node:path";
import type { Logger } from "pino";
import type { Listen } from "../../core/net/index.js";
import { type CreateSource, isolatePools, type IsolatePoolsOptions, SharedDirectory } from "../../core/server/index.js";
import type { LoadOptions } from "../../core/plugins/index.js";
import type { Telemetry } from "../../core/telemetry/index.js";
import { definitionSource } from "../../gateways/tyk/definitions/index.js";
import { TykServer } from "../../gateways/tyk/server/index.js";
import { requireAddress } from "../flags/index.js";
import { ALL_GATEWAYS, isForTyk, isTyk, TYK_WORKER } from "../gateways/index.js";
import type { ServeOptions, TykServing } from "./command-line/invocation.js";
import { createBundles } from "./serve-bundles.js";

export interface BesideKong {
  /** Where Kong's server gets its plugins from. */
  readonly kongSource: CreateSource;
  readonly server: TykServer;
}

/** @throws {DefinitionError} where the source of API definitions cannot be used. */
export async function createTykServer(
  options: ServeOptions & { readonly tyk: TykServing; readonly telemetry: Telemetry },
  pools: Omit<IsolatePoolsOptions, "gatewayWorker">,
  load: Omit<LoadOptions, "gatewayWorker" | "checkDefinition" | "onPluginLog">,
  logger: Logger,
  listen: Listen | undefined,
): Promise<BesideKong> {
  const { tyk } = options;
  const allLoad = { ...load, ...ALL_GATEWAYS };
  const directory = resolve(options.pluginsDirectory);
  const shared = new SharedDirectory({ directory, watch: options.watch, logger, load: allLoad });
  const definitions = await definitionSource({
    apps: tyk.apps,
    api: tyk.api,
    secretFile: tyk.secretFile,
    listener: {
      onChange: () => {
        logger.info("API definitions have changed");
        bundles?.refresh();
      },
      onProblem: (place, error) => logger.warn(`an API definition cannot be used (${place}): ${error.message}`),
    },
  });
  const bundles = tyk.bundles === undefined ? undefined : await createBundles(tyk.bundles, definitions, allLoad, logger);
  const ofDirectory = options.bundlesOnly ? undefined : shared.sourceFor(isForTyk);
  const server = new TykServer({
    address: requireAddress(tyk.address),
    listen,
    socketMode: options.socketMode,
    callTimeout: options.eventTimeout,
    bindingTimeout: options.instanceTimeout,
    drainTimeout: options.drainTimeout,
    maxMessageSize: options.maxMessageSize,
    maxConnections: options.maxConnections,
    maxCalls: options.maxEvents,
    telemetry: options.telemetry,
    withoutDeadline: options.inspect?.plugin,
    definitions,
    bundles,
    createPool: isolatePools({ ...pools, gatewayWorker: TYK_WORKER, ownSocketOf: undefined }),
    createSource: bundles?.sourceWith(ofDirectory) ?? shared.sourceFor(isForTyk),
    logger,
  });
  return { kongSource: shared.sourceFor((generation) => !isTyk(generation)), server };
}
