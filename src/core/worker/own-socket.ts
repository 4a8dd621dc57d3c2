// Lets an isolate serve a socket of its own with the plugin that it runs.
import type { IsolateTask, OwnSocket } from "../channel/index.js";
import type { CallTracking } from "./current-call.js";
import type { PluginLifeCycle } from "./gateway-worker.js";

export interface OwnSocketServer {
  /** Hands its clients over or lets them finish, then ends. */
  close(): Promise<void>;
}

/**
 * What the module of an {@link OwnSocket} exports as `serveOwnSocket`. Resolves when the socket listens. It calls
 * `onProductive` when a handler has returned for the first time.
 */
export type ServeOwnSocket = (
  task: IsolateTask,
  definition: PluginLifeCycle,
  tracking: CallTracking,
  settings: object,
  onProductive: () => void,
) => Promise<OwnSocketServer>;

/** @throws where the socket cannot be listened on. */
export async function openOwnSocket(
  { module, settings }: OwnSocket,
  task: IsolateTask,
  definition: PluginLifeCycle,
  tracking: CallTracking,
  onProductive: () => void,
): Promise<OwnSocketServer> {
  const { serveOwnSocket } = (await import(module)) as { readonly serveOwnSocket: ServeOwnSocket };
  return serveOwnSocket(task, definition, tracking, settings, onProductive);
}
