// Makes a program a server for Kong.
import { dirname } from "node:path";
import { gatewayWorker, adaptModule } from "../../../gateways/kong/worker/index.js";
import {
  KongInThreadPool,
  KONG_WORKER,
  OneKongPlugin,
  pluginInfo,
  PluginServer,
  SHORTER_PATH,
} from "../../../gateways/kong/server/index.js";
import { CommandError } from "../../../core/model/index.js";
import type { Generation } from "../../../core/plugins/index.js";
import { inheritedSockets } from "../../../core/service-manager/index.js";
import { KONG_SOCKET } from "../../flags/index.js";
import { isTyk } from "../../gateways/index.js";
import { adminPathOf } from "../../operator/index.js";
import { requireWritable } from "../environment.js";
import { inIsolates, inThread } from "./pools.js";
import { entriesTo, type ProgramGateway } from "./program-gateway.js";

export const kongProgram: ProgramGateway = {
  places: async (options, load) => {
    const { socketPath, socketMode } = options;
    if (inheritedSockets().length === 0)
      await requireWritable(dirname(socketPath), "the socket's directory").catch(async (error: unknown) => {
        refuseTyk((await load(options)).generation);
        throw error;
      });
    return [{ name: KONG_SOCKET, path: socketPath, mode: socketMode, remedy: SHORTER_PATH }];
  },

  dump: ({ generation }, { protocol, socketPath }) => ({
    Protocol: protocol === "auto" ? "MsgPack:1" : protocol,
    SocketPath: socketPath,
    Plugins: [pluginInfo(generation)],
  }),

  createServer: async (plugin, options, { front, logger, telemetry }) => {
    const { generation } = plugin;
    refuseTyk(generation);
    const { name } = generation;
    const { socketPath, threads, limits } = options;
    const definition = threads === 0 ? adaptModule(await plugin.evaluate(), plugin.program) : undefined;
    await definition?.init?.(entriesTo(logger, name));
    const server = new PluginServer({
      ...options,
      listen: front?.listenOn(KONG_SOCKET),
      keeper: front?.keeper,
      logger,
      telemetry,
      createSource: (context) => new OneKongPlugin(generation, context),
      createPool:
        definition === undefined
          ? inIsolates(plugin, options, KONG_WORKER)
          : inThread(
              gatewayWorker.strayErrors,
              (tracking, listener) => new KongInThreadPool(definition, { ...limits, plugin: name }, tracking, listener),
            ),
    });
    return { server, place: () => socketPath, adminPath: adminPathOf(socketPath), lifeCycle: definition };
  },
};

/** @throws {CommandError} for a plugin that only Tyk can call. */
function refuseTyk(generation: Generation): void {
  if (!isTyk(generation)) return;
  const { name } = generation;
  throw new CommandError(`plugin ${name} is for Tyk: say where gateways find it, such as -tyk tcp://127.0.0.1:5555`);
}
