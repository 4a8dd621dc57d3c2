// Serves a plugin's own socket from several isolates: this one starts the others and owns the path behind which all take turns.
import type { IsolateTask, LogEntry, OwnSocket, CallHostListener } from "../../../core/channel/index.js";
import { PluginPool, startThread } from "../../../core/isolates/index.js";
import type { OwnSocketServer } from "../../../core/worker/index.js";
import { logEntry } from "../../../core/log/index.js";
import { logPathChange, SharedPath } from "../../../core/net/index.js";
import { Board } from "./board.js";
import type { PathSiblings } from "./path-siblings.js";
import { EmbeddedError, GATEWAY } from "../server/index.js";
import { createOwnServer, type OwnServerContext, sayListening, socketPathOf } from "./own-server.js";
import { type SiblingSettings, siblingsOf } from "./sibling-socket.js";

const SIBLING_MODULE = new URL("./sibling-socket.js", import.meta.url).href;
/** An isolate that was replaced keeps its own until its last event is over. */
const SLOTS_PER_ISOLATE = 32;

/**
 * As every fault of the thread that this runs in ends the others too, it is a fault of the whole plugin; one of another isolate
 * is that isolate's alone.
 */
export async function serveSpreadSocket(context: OwnServerContext & { readonly task: IsolateTask }): Promise<OwnSocketServer> {
  const { settings } = context;
  const path = SharedPath.make(socketPathOf(settings));
  const board = new Board(settings.isolates * SLOTS_PER_ISOLATE);
  const slot = claim(board);
  const siblings = siblingsOf(slot, { ...context, board, path });
  const server = createOwnServer(context, { siblings });
  const others = startOthers(context, { siblings, board, path, slot });
  const ownSocket: OwnSocketServer = {
    close: async () => {
      board.end();
      path.release();
      await Promise.all([server.close(), others.close(false)]);
      siblings.end();
      path.remove();
    },
  };
  try {
    await server.start();
    await siblings.othersListening();
    await path.publish();
    path.watch(
      () => siblings.listening(),
      (change) => logPathChange(context.logger, path.path, change),
    );
  } catch (error) {
    await ownSocket.close();
    throw error;
  }
  sayListening(context);
  return ownSocket;
}

interface Spread {
  readonly siblings: PathSiblings;
  readonly board: Board;
  readonly path: SharedPath;
  readonly slot: number;
}

function startOthers(
  { task, settings, logger, telemetry }: OwnServerContext & { readonly task: IsolateTask },
  { siblings, board, path, slot }: Spread,
): PluginPool {
  const { plugin, isolates, limits } = settings;
  const ownSocket = (): OwnSocket => {
    const own = claim(board);
    const port = siblings.admit(own);
    const { slots, memory } = board;
    const told: SiblingSettings = { ...settings, slot: own, introducer: slot, slots, memory, folder: path.folder };
    return { module: SIBLING_MODULE, settings: told, port };
  };
  return new PluginPool({
    plugin,
    artifact: task.artifact,
    gatewayWorker: task.gatewayWorker,
    isolates: isolates - 1,
    startTransport: startThread,
    limits,
    listener: { ...NO_EVENTS, onLog: (entry: LogEntry) => logEntry(logger, plugin, entry) },
    ownSocket: { next: ownSocket },
    telemetry: telemetry.gateway(GATEWAY).plugin(plugin),
  });
}

/** Gateways come to them over their sockets alone. */
const NO_EVENTS: Omit<CallHostListener, "onLog"> = {
  onAsks: () => {},
  onDone: () => {},
  onFailure: () => {},
  onBindingFailed: () => {},
};

function claim(board: Board): number {
  const slot = board.claim();
  if (slot !== undefined) return slot;
  throw new EmbeddedError(
    "EMBEDDED_NO_SLOT",
    "too many isolates of this plugin end at once: none can be started until one has ended",
  );
}
