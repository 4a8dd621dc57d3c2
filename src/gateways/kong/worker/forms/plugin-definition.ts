// What a plugin is to the server, whichever form its module has.
import type { PluginLifeCycle } from "../../../../core/worker/index.js";
import type { Phase } from "../../pdk/index.js";
import type { FaultRules } from "./fault-rules.js";

export type PluginForm = "define-plugin" | "go" | "kong-js-pdk";

export type PhaseHandlers = { readonly [P in Phase]?: (kong: unknown) => unknown };

export interface KongDefinition extends FaultRules, PluginLifeCycle {
  readonly form: PluginForm;
  /** The name that the module asks for; without one it is that of its file or folder. */
  readonly name?: string;
  readonly version: string;
  /** An integer. The gateway runs plugins with a higher one first. */
  readonly priority: number;
  /** Never empty. */
  readonly phases: readonly Phase[];
  /** Handlers it has for phases in which the gateway calls no plugin server. */
  readonly ignoredPhases?: readonly string[];
  /** One sentence for each name that is almost one that is read. */
  readonly nearMisses?: readonly string[];
  /** The fields of the configuration record, in Kong's schema language. */
  readonly fields: readonly unknown[];
  /** The PDK version that the module itself states. */
  readonly pdkVersion?: string;
  /** How request and response bodies reach the handlers: as bytes, or as text where they are UTF-8. */
  readonly bodies: "buffer" | "text";
  /** @throws what the plugin throws. */
  readonly createInstance: (config: Record<string, unknown>) => PhaseHandlers;
}
