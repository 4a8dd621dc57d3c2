// Lets an isolate serve a socket of its own with the plugin that it runs.
import type { IsolateTask, OwnSocket } from "../channel/index.js";
import type { Telemetry } from "../telemetry/index.js";
import type { CallTracking } from "./current-call.js";
import type { PluginLifeCycle } from "./life-cycle.js";

export interface OwnSocketServer {
  /** Hands its clients over or lets them finish, then ends. */
  close(): Promise<void>;
  /** What is logged at least from now on, in a process. */
  logAt?(level: number): void;
}

/** What the isolate gives the server that it is. */
export interface ServingIsolate {
  /** To be called when a handler has returned for the first time. */
  readonly onProductive: () => void;
  /** Where the server counts: the host gets it all. */
  readonly telemetry: Telemetry;
  /** Has its calls recorded in traces, as {@link Telemetry.traceCalls} does: the host gets them. */
  readonly traceCalls: (ratio: number) => void;
}

/**
 * What the module of an {@link OwnSocket} exports as `serveOwnSocket`. Resolves when the socket listens.
 */
export type ServeOwnSocket = (
  task: IsolateTask,
  definition: PluginLifeCycle,
  tracking: CallTracking,
  settings: object,
  isolate: ServingIsolate,
) => Promise<OwnSocketServer>;

/** @throws where the socket cannot be listened on. */
export async function openOwnSocket(
  { module, settings }: OwnSocket,
  task: IsolateTask,
  definition: PluginLifeCycle,
  tracking: CallTracking,
  isolate: ServingIsolate,
): Promise<OwnSocketServer> {
  const { serveOwnSocket } = (await import(module)) as { readonly serveOwnSocket: ServeOwnSocket };
  return serveOwnSocket(task, definition, tracking, settings, isolate);
}
