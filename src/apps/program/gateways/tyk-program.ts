// Makes a program a server for Tyk gateways.
import { releaseMemory } from "../../../core/net/index.js";
import { CommandError } from "../../../core/model/index.js";
import { InThreadPool, OnePlugin } from "../../../core/server/index.js";
import type { SocketPlace } from "../../../core/supervisor/index.js";
import { definitionSource } from "../../../gateways/tyk/definitions/index.js";
import { TykServer } from "../../../gateways/tyk/server/index.js";
import { requireAddress, TYK_SOCKET, tykPlace } from "../../flags/index.js";
import { hookFunctionsOf, isForTyk, loadTykWorker, TYK_WORKER } from "../../gateways/index.js";
import { adminPlaceOf } from "../../operator/index.js";
import type { EmbeddedOptions } from "../options.js";
import { inIsolates, inThread } from "./pools.js";
import { entriesTo, type ProgramGateway } from "./program-gateway.js";

export const tykProgram: ProgramGateway = {
  places: (options) => Promise.resolve(placeOf(options) ?? []),

  dump: ({ generation }, { tyk }) => ({
    Protocol: "gRPC",
    ...(tyk === undefined ? {} : { Address: tyk.address }),
    Plugins: [{ Name: generation.name, Version: generation.metadata.version, Hooks: hookFunctionsOf(generation) }],
  }),

  createServer: async (plugin, options, { front, logger, telemetry }) => {
    const { generation } = plugin;
    if (!isForTyk(generation))
      throw new CommandError(`plugin ${generation.name} has nothing that Tyk could call: leave out -tyk`);
    const { tyk, threads } = options;
    if (tyk === undefined) throw new Error("a program for Tyk has an address");
    const definitions = await definitionSource({
      ...tyk,
      listener: {
        onChange: () => logger.info("API definitions have changed"),
        onProblem: (place, error) => logger.warn(`an API definition cannot be used (${place}): ${error.message}`),
      },
    });
    const worker = await loadTykWorker();
    const definition = threads === 0 ? worker.define(await plugin.evaluate(), plugin.program) : undefined;
    await definition?.init?.(entriesTo(logger, generation.name));
    const server = new TykServer({
      address: requireAddress(tyk.address),
      listen: placeOf(options) === undefined ? undefined : front?.listenOn(TYK_SOCKET),
      socketMode: options.socketMode,
      callTimeout: options.eventTimeout,
      bindingTimeout: options.instanceTimeout,
      drainTimeout: options.drainTimeout,
      maxMessageSize: options.maxMessageSize,
      maxConnections: options.maxConnections,
      maxCalls: options.limits.maxCalls,
      telemetry,
      definitions,
      createSource: (context) => new OnePlugin(generation, context),
      createPool:
        definition === undefined
          ? inIsolates(plugin, options, TYK_WORKER)
          : inThread(worker.strayErrors, (tracking, listener) => {
              const { maxCalls, maxBodySize } = options.limits;
              const context = { plugin: generation.name, tracking, listener, maxCalls, maxBodySize };
              const host = worker.createHost(definition, { ...context, release: releaseMemory, onPrefetch: () => {} });
              return new InThreadPool(host, listener);
            }),
      logger,
    });
    return { server, place: () => server.url, adminPath: adminPlaceOf(undefined, tyk.address), lifeCycle: definition };
  },
};

/** Undefined where nobody knows yet which port it will be. */
function placeOf({ tyk, socketMode }: EmbeddedOptions): readonly SocketPlace[] | undefined {
  const place = tyk === undefined ? undefined : tykPlace(requireAddress(tyk.address), socketMode);
  return place === undefined ? undefined : [place];
}
