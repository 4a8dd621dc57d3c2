// Says what a program asks of the gateway that it is for: each has a module of its own, which alone is loaded.
import type { Logger } from "pino";
import type { StartTransport } from "../../../core/isolates/index.js";
import type { Generation } from "../../../core/plugins/index.js";
import type { AdministeredEngine } from "../../../core/server/index.js";
import type { Front, SocketPlace } from "../../../core/supervisor/index.js";
import type { Telemetry } from "../../../core/telemetry/index.js";
import { limitLog } from "../../../core/channel/index.js";
import { logEntry } from "../../../core/log/index.js";
import type { PluginLifeCycle, WriteEntry } from "../../../core/worker/index.js";
import type { EmbeddedOptions } from "../options.js";

/** The plugin that a program is. */
export interface ProgramPlugin {
  /** What the program is called. */
  readonly program: string;
  readonly generation: Generation;
  /** Gets the exports of its module into this thread. */
  readonly evaluate: () => Promise<unknown>;
  /** Starts an isolate that runs it. */
  readonly startTransport: StartTransport;
}

export type LoadPlugin = (options: EmbeddedOptions) => Promise<ProgramPlugin>;

/** What a program has around its server. */
export interface ProgramSurroundings {
  readonly front: Front | undefined;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
}

export interface ProgramServer {
  readonly server: {
    readonly engine: AdministeredEngine;
    start(): Promise<void>;
    /** May take so many milliseconds, those of the drain timeout by default. */
    close(limit?: number): Promise<void>;
  };
  /** Where it listens, once it has started. */
  readonly place: () => string;
  /** Path of its admin socket. */
  readonly adminPath: string;
  /** Of the plugin, where it runs in this thread. */
  readonly lifeCycle: PluginLifeCycle | undefined;
}

/** Has what a plugin logs beside its calls logged under its name. */
export const entriesTo = (logger: Logger, plugin: string): WriteEntry => limitLog((entry) => logEntry(logger, plugin, entry));

export interface ProgramGateway {
  /**
   * Where another process may hold the socket; none where nobody knows yet.
   * @param load the plugin, should it be the reason that something is wrong.
   * @throws {CommandError} where it cannot be made.
   */
  places(options: EmbeddedOptions, load: LoadPlugin): Promise<readonly SocketPlace[]>;
  /** What the server says of itself on `-dump`. */
  dump(plugin: ProgramPlugin, options: EmbeddedOptions): object;
  /** @throws {CommandError} for a plugin of another gateway. */
  createServer(plugin: ProgramPlugin, options: EmbeddedOptions, surroundings: ProgramSurroundings): Promise<ProgramServer>;
}
