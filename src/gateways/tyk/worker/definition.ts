// What a plugin is to this worker: its functions by the names that calls have for them.
import type { PluginLifeCycle } from "../../../core/worker/index.js";
import type { HookKind } from "../messages/index.js";
import type { ReadConfig } from "./config-reader.js";
import type { EndpointRoute, Handler } from "./endpoints.js";

export type PluginFunction =
  | { readonly kind: HookKind; readonly handler: Handler; readonly endpoints?: undefined }
  | { readonly kind: "post"; readonly handler?: undefined; readonly endpoints: readonly EndpointRoute[] };

export interface TykDefinition extends PluginLifeCycle {
  /** The name that the module asks for; without one it is that of its file or folder. */
  readonly name?: string;
  readonly version: string;
  /** Seconds that one call may take. */
  readonly timeout?: number;
  readonly isolation?: "thread" | "process";
  /** By name: `pre/addFooBar`. Never empty. */
  readonly functions: ReadonlyMap<string, PluginFunction>;
  readonly readConfig: ReadConfig;
}
