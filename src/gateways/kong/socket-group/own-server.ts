// Makes the server of a plugin's own socket in the thread of its isolate: alone, or one of several.
import { join } from "node:path";
import type { Logger } from "pino";
import type { IsolateLimits } from "../../../core/isolates/index.js";
import type { Generation } from "../../../core/plugins/index.js";
import { createLogger, droppedLines, type FollowedLevel, LogLevels, type LogOptions } from "../../../core/log/index.js";
import type { CallTracking, ServingIsolate } from "../../../core/worker/index.js";
import type { KongDefinition } from "../worker/index.js";
import {
  PluginServer,
  type PluginServerOptions,
  type ServerOptions,
  generationOfDefinition,
  KongInThreadPool,
  OneKongPlugin,
} from "../server/index.js";

/** The sockets of all plugins of a server; an isolate is told of them as plain data. */
export interface OwnSocketOptions {
  /** Each plugin's is `NAME.socket` there. */
  readonly directory: string;
  readonly server: Omit<ServerOptions, "listen" | "logger" | "socketPath">;
  readonly log: LogOptions;
  /** How many isolates of each plugin take turns at its socket. */
  readonly isolates: number;
  readonly limits: IsolateLimits;
  /** Of calls without a parent, the part that is recorded in traces; undefined where none are traced. */
  readonly traceRatio: number | undefined;
}

export interface OwnSocketSettings extends OwnSocketOptions {
  readonly plugin: string;
  readonly path: string;
  /** What is logged at least, where it can change while the isolate runs: a process has no memory in common. */
  readonly level: FollowedLevel | undefined;
}

/** What an isolate brings along. */
interface IsolateContext extends ServingIsolate {
  readonly definition: KongDefinition;
  readonly tracking: CallTracking;
}

export interface OwnServerContext extends IsolateContext {
  readonly settings: OwnSocketSettings;
  readonly generation: Generation;
  readonly logger: Logger;
}

/** @throws {EmbeddedError} where a gateway would refuse the plugin. */
export function ownServerContext(settings: OwnSocketSettings, isolate: IsolateContext): OwnServerContext {
  const { plugin, path, log, level } = settings;
  const generation = generationOfDefinition(isolate.definition, plugin, path);
  return { ...isolate, settings, generation, logger: createLogger(log, new LogLevels(log, level)) };
}

export const socketPathOf = ({ directory, plugin }: OwnSocketSettings): string => join(directory, `${plugin}.socket`);

/** A server of the plugin that is in this thread; with siblings one of several. */
export function createOwnServer(
  { definition, tracking, onProductive, telemetry, traceCalls, settings, generation, logger }: OwnServerContext,
  given: Pick<PluginServerOptions, "siblings"> = {},
): PluginServer {
  const { server: options, limits, traceRatio } = settings;
  if (traceRatio !== undefined) traceCalls(traceRatio);
  telemetry.countDroppedLines(droppedLines);
  return new PluginServer({
    ...options,
    ...given,
    socketPath: socketPathOf(settings),
    logger,
    telemetry,
    createSource: (context) => new OneKongPlugin(generation, context),
    createPool: ({ name }, listener) =>
      new KongInThreadPool(definition, { ...limits, plugin: name, onFirstReturn: onProductive }, tracking, listener),
  });
}

export function sayListening({ settings, generation, logger }: OwnServerContext): void {
  const { plugin, isolates } = settings;
  const { version } = generation.metadata;
  const socket = socketPathOf(settings);
  const spread = isolates === 1 ? "" : `, in ${isolates} isolates`;
  logger.info({ plugin, socket }, `plugin ${plugin} ${version} is listening on ${socket}${spread}`);
}
