// Says of a binding what may be shown of it: the gateway's rules leave its secrets out.
import type { Binding, SleepingBinding } from "../plugins/index.js";
import type { ConfigurationRules } from "./configuration-rules.js";
import type { ServedPlugin } from "./served-plugins.js";

export interface BindingDescription {
  readonly id: number;
  /** One that nobody has used for long sleeps until it is used again. */
  readonly state: "living" | "sleeping";
  /** Unix time in seconds. */
  readonly started: number;
  /** Whether it runs the code that is served now, other code as its configuration does not fit that, or none. */
  readonly generation: "current" | "former" | "none";
  /** Why its calls fail, where they do. */
  readonly error?: string;
  /** What the gateway calls the entities that it belongs to. */
  readonly ids: Readonly<Record<string, string>>;
  /** Without secrets. */
  readonly configuration: unknown;
}

export function describeBinding(
  binding: Binding | SleepingBinding,
  served: ServedPlugin | undefined,
  rules: ConfigurationRules,
): BindingDescription {
  const { id, started, generation, config, fields } = binding;
  const isLiving = "host" in binding;
  const current = generation === served?.generation ? "current" : "former";
  // What became a secret since is one.
  const schemas = generation === undefined ? [fields] : [fields, generation.metadata.schema];
  return {
    id,
    state: isLiving ? "living" : "sleeping",
    started,
    generation: generation === undefined ? "none" : current,
    ...(isLiving && binding.error !== undefined ? { error: binding.error } : {}),
    ids: rules.idsOf(config),
    configuration: rules.shown(schemas, config),
  };
}
