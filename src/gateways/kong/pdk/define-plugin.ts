// Owns how a plugin declares itself.
import type { CheckedSchema } from "./checked-schema.js";
import type { InferConfig } from "./infer-config.js";
import type { KongFor } from "./kong-for.js";
import { type Phase, PDK_VERSION } from "./phases.js";
import type { ConfigSchema } from "./schema.js";

/** Where a defined plugin carries its {@link PluginStamp}: the same symbol in every copy of this package. */
export const PLUGIN_STAMP: unique symbol = Symbol.for("pluginserver.plugin");

/** What tells the server that, and against which PDK, a plugin was defined. */
export interface PluginStamp {
  readonly pdkVersion: string;
}

/**
 * Runs in one phase, for one request. When it throws, or its promise rejects, the gateway answers with an error. It is called
 * with the plugin as `this`.
 */
export type PhaseHandler<P extends Phase, Config> = (kong: KongFor<P>, config: Config) => void | Promise<void>;

/** Writes a line to the server's log, under the plugin's name, with details as JSON. */
export type InitLogFunction = (message: string, details?: Readonly<Record<string, unknown>> | Error) => void;

/** What `init` is given: there is no request yet, and no gateway to ask. */
export interface InitContext {
  readonly log: Readonly<Record<"debug" | "info" | "warn" | "error", InitLogFunction>>;
  /**
   * Aborts when the plugin is to end, before `dispose` runs: pass it to what goes on beside requests, such as a timer or a watch.
   * Also when `init` has failed.
   */
  readonly signal: AbortSignal;
}

/** What a plugin is made of. At least one phase is needed. */
export interface PluginDefinition<Schema extends ConfigSchema> {
  /** The name in the gateway's configuration; by default that of the file or folder. */
  readonly name?: string;
  /** The plugin's own version, such as `1.4.0`. */
  readonly version?: string;
  /** The gateway runs plugins with a higher number first. */
  readonly priority?: number;
  /** Seconds that one run of a phase may take, below the gateway's 60; the server's `-event-timeout` by default. */
  readonly timeout?: number;
  /**
   * What becomes of a request when a handler throws, takes too long or loses its isolate: `"exit"` answers it with 500,
   * `"continue"` lets it go on without this plugin. The server's `-on-error` by default, which is `exit`.
   */
  readonly onError?: "exit" | "continue";
  /**
   * Where the plugin runs: in a thread of the server, or in a process of its own, at which native crashes end too. The
   * server's `-isolation` by default.
   */
  readonly isolation?: "thread" | "process";
  /** The fields of its configuration; none by default. */
  readonly schema?: Schema;
  /** Runs once in each isolate, before any handler. When it throws, or its promise rejects, the plugin does not load. */
  readonly init?: (context: InitContext) => void | Promise<void>;
  /**
   * Runs once in each isolate when its events are over: at a reload, at a replacement for memory, at the end of the server. It is
   * awaited for as long as the drain timeout. It does not run in an isolate that dies.
   */
  readonly dispose?: () => void | Promise<void>;
  /** While the client's TLS connection is set up: there is no request yet. For global plugins only. */
  readonly certificate?: PhaseHandler<"certificate", InferConfig<Schema>>;
  /** Before the route is known. For global plugins only. */
  readonly rewrite?: PhaseHandler<"rewrite", InferConfig<Schema>>;
  /** Before the request goes to the service. */
  readonly access?: PhaseHandler<"access", InferConfig<Schema>>;
  /** With the service's whole response: the gateway buffers every response of the route for it. Never runs in Kong 2.0. */
  readonly response?: PhaseHandler<"response", InferConfig<Schema>>;
  /** Before a TCP or TLS stream goes to its service. */
  readonly preread?: PhaseHandler<"preread", InferConfig<Schema>>;
  /** After the client got its response. */
  readonly log?: PhaseHandler<"log", InferConfig<Schema>>;
}

/** A plugin as {@link definePlugin} returns it. */
export type Plugin<Schema extends ConfigSchema> = PluginDefinition<Schema> & {
  readonly [PLUGIN_STAMP]: PluginStamp;
};

/**
 * Declares a plugin: the default export of its module. The type of `config` follows from `schema`, that of `kong` from the
 * phase. The result is frozen: keep state in the module.
 *
 * @example
 * export default definePlugin({
 *   version: "1.0.0",
 *   priority: 100,
 *   schema: [{ message: { type: "string", default: "hello" } }],
 *   async access(kong, config) {
 *     const host = await kong.request.getHeader("host");
 *     await kong.response.setHeader("x-hello", `${config.message} to ${host ?? "nobody"}`);
 *   },
 * });
 */
export function definePlugin<const Schema extends ConfigSchema = readonly []>(
  definition: PluginDefinition<Schema> & { readonly schema?: CheckedSchema<Schema> },
): Plugin<Schema> {
  const stamp: PluginStamp = Object.freeze({ pdkVersion: PDK_VERSION });
  return Object.freeze({ ...definition, [PLUGIN_STAMP]: stamp });
}
