// Tells a plugin's own configuration from the keys that the gateway adds to it.

/** What a gateway calls the entities that a configuration belongs to, as far as it says so. */
export interface GatewayIds {
  /** Of the plugin's entry in the gateway's configuration. */
  readonly plugin_id?: string;
  readonly route_id?: string;
  readonly service_id?: string;
  readonly consumer_id?: string;
}

const ID_KEYS = [
  ["plugin_id", "__plugin_id"],
  ["route_id", "route_id"],
  ["service_id", "service_id"],
  ["consumer_id", "consumer_id"],
] as const;

/** They are UUIDs; whatever else it is, it must not spoil a line of a log. */
const ID = /^[\w.:-]{1,64}$/;

const PLAIN_KEYS: ReadonlySet<string> = new Set([
  "route_id",
  "service_id",
  "consumer_id",
  "consumer_group_id",
  "plugin_instance_name",
]);

/** Whether the gateway itself writes this key into a configuration: `__seq__`, `__key__`, `__plugin_id`, `__ws_id`, `route_id`, … */
export const isGatewayKey = (name: string): boolean => PLAIN_KEYS.has(name) || (name.startsWith("__") && name !== "__proto__");

/** A copy without the gateway's keys; a field that the plugin's own schema has is the plugin's, whatever its name. */
export function ownConfig(config: Readonly<Record<string, unknown>>, fields: readonly unknown[]): Record<string, unknown> {
  const declared = new Set(fields.flatMap((field) => (typeof field === "object" && field !== null ? Object.keys(field) : [])));
  // Not by assignment: a key may be `__proto__`.
  return Object.fromEntries(Object.entries(config).filter(([name]) => !isGatewayKey(name) || declared.has(name)));
}

/** The ids that the text of a configuration has; none where it is no JSON object. */
export function gatewayIds(config: string): GatewayIds {
  let parsed: unknown;
  try {
    parsed = JSON.parse(config);
  } catch {
    // No JSON, so it names nothing; the check of the configuration says what is wrong.
    return {};
  }
  if (typeof parsed !== "object" || parsed === null) return {};
  const keys = parsed as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    ID_KEYS.flatMap(([entity, key]) => {
      const id = Object.hasOwn(keys, key) ? keys[key] : undefined;
      return typeof id === "string" && ID.test(id) ? [[entity, id]] : [];
    }),
  );
}
