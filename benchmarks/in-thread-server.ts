// The project's own parts without isolates: one plugin, served in the thread that reads the socket.
//
//   node in-thread-server.mjs PLUGIN_FILE SOCKET
import { unlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { basename, extname } from "node:path";
import type { PhaseHostListener } from "../src/channel/index.js";
import { EventTable, MsgpackRpc, noInstance, type PluginService } from "../src/rpc/index.js";
import { adaptModule } from "../src/runtime/forms/adapt-module.js";
import { gatewayCodecs, LocalHost } from "../src/runtime/index.js";
import { Connection, ProtocolReader } from "../src/wire/index.js";

const MAX_MESSAGE_SIZE = 64 * 1024 * 1024;
const EVENT_TIMEOUT = 50_000;

const [pluginFile = "", path = ""] = process.argv.slice(2);
const plugin = basename(pluginFile, extname(pluginFile));

const complain = (message: string): void => void process.stderr.write(`${message}\n`);

const events = new EventTable({
  failureCalls: () => [],
  onTimeout: (event) => complain(`event ${event.id} took too long`),
  onCallRefused: () => {},
});

const listener: PhaseHostListener = {
  onCalls: (eventId, calls) => events.calls(eventId, calls),
  onReturn: (eventId) => events.returned(eventId),
  onFailure: (eventId, error) => {
    complain(error.stack);
    events.failed(eventId, error.message);
  },
  onInstanceFailed: (instanceId, error) => complain(`instance ${instanceId}: ${error.stack}`),
  onLog: (entry) => complain(entry.message),
};

const definition = adaptModule(createRequire(import.meta.url)(pluginFile), plugin);
const host = new LocalHost(definition, gatewayCodecs(MAX_MESSAGE_SIZE), listener);
const runner = { host, plugin, timeout: EVENT_TIMEOUT, onError: "exit" } as const;
const instances = new Set<number>();

const statusOf = (id: number) => {
  if (!instances.has(id)) throw noInstance(id);
  return { Name: plugin, Id: id, Config: {}, StartTime: 0 };
};

const service: PluginService = {
  setPluginDir: () => Promise.resolve(),
  status: () => Promise.resolve({}),
  pluginInfo: () => Promise.reject(new Error("the gateway is played by the load generator, which needs no info")),
  pluginNames: () => Promise.resolve([plugin]),
  startInstance: (_, config) => {
    const id = instances.size + 1;
    instances.add(id);
    host.startInstance({ id, config });
    return Promise.resolve(statusOf(id));
  },
  instanceStatus: statusOf,
  // It stays: ids are never used twice, and the process ends with the measurement.
  closeInstance: statusOf,
  runnerOf: (id) => (instances.has(id) ? runner : undefined),
};

const rpc = new MsgpackRpc({
  service,
  events,
  unknownEventCall: undefined,
  onOpen: () => {},
  onClose: () => {},
  onInternalError: (method, error) => complain(`${method}: ${String(error.stack)}`),
});

const server = createServer((socket) => rpc.open(new Connection(socket, rpc, new ProtocolReader("MsgPack:1", MAX_MESSAGE_SIZE))));
server.listen(path);
process.on("SIGTERM", () => {
  unlinkSync(path);
  process.exit();
});
