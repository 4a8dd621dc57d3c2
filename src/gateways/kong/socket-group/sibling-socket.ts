// What a further isolate of a plugin's own socket does: it joins the others, then takes its turns at the path.
import type { ServeOwnSocket } from "../../../core/worker/index.js";
import { SharedPath } from "../../../core/net/index.js";
import type { KongDefinition } from "../worker/index.js";
import { Board } from "./board.js";
import { PathSiblings } from "./path-siblings.js";
import { EmbeddedError } from "../server/index.js";
import { createOwnServer, type OwnServerContext, ownServerContext, type OwnSocketSettings, socketPathOf } from "./own-server.js";

export interface SiblingSettings extends OwnSocketSettings {
  readonly slot: number;
  /** Slot of the isolate at the other end of the port. */
  readonly introducer: number;
  readonly slots: number;
  /** Of the board. */
  readonly memory: SharedArrayBuffer;
  readonly folder: string;
}

interface SharedPlace extends Pick<OwnServerContext, "settings" | "logger"> {
  readonly board: Board;
  readonly path: SharedPath;
}

/** The others of the path, as the isolate at this slot sees them. */
export const siblingsOf = (slot: number, { board, path, settings, logger }: SharedPlace): PathSiblings =>
  new PathSiblings(slot, board, path, {
    onPathError: (error) =>
      logger.warn({ plugin: settings.plugin }, `${path.path}: new connections may stay with one isolate: ${error.message}`),
    onForeign: (reason) =>
      logger.warn({ plugin: settings.plugin }, `${path.path}: a message of another isolate was dropped: ${reason} (told once)`),
  });

export const serveOwnSocket: ServeOwnSocket = async (task, definition, tracking, given, isolate) => {
  const settings = given as SiblingSettings;
  const port = task.ownSocket?.port;
  if (port === undefined)
    throw new EmbeddedError("EMBEDDED_NO_CHANNEL", "an isolate beside others was started without a channel");
  const context = ownServerContext(settings, { definition: definition as KongDefinition, tracking, ...isolate });
  const path = new SharedPath(socketPathOf(settings), settings.folder);
  const board = new Board(settings.slots, settings.memory);
  const siblings = siblingsOf(settings.slot, { ...context, board, path });
  const server = createOwnServer(context, { siblings });
  await siblings.join(settings.introducer, port);
  await server.start();
  return {
    close: async () => {
      await server.close();
      siblings.end();
    },
  };
};
