// Says what a plugin is to whoever serves it, as plain data.
import type { PluginMetadata } from "../../../core/channel/index.js";
import type { KongDefinition } from "./forms/plugin-definition.js";

/** What only Kong's half on the host reads of a plugin's metadata. */
export interface Announcement {
  readonly priority: number;
  /** Handlers it has for phases in which the gateway calls no plugin server. */
  readonly ignoredPhases: readonly string[];
  /** One sentence for each name in it that is almost one that is read. */
  readonly nearMisses: readonly string[];
  /** Attributes of fields that are functions, and so cannot be sent. */
  readonly unsent: readonly string[];
}

/** `fallbackName` is that of a plugin that states none. */
export function metadataOf(definition: KongDefinition, fallbackName: string): PluginMetadata {
  const { form, name = fallbackName, version, phases: functions, fields: schema } = definition;
  const { pdkVersion: apiVersion, timeout, onError, isolation } = definition;
  const { priority, ignoredPhases = [], nearMisses = [] } = definition;
  const hasStamp = form === "define-plugin" ? true : undefined;
  const disposes = definition.dispose === undefined ? undefined : true;
  const metadata = { form, name, version, functions, schema, apiVersion, hasStamp, timeout, onError, isolation, disposes };
  // As data: a schema may hold functions, which no gateway gets to see.
  const unsent = new Set<string>();
  const text = JSON.stringify(metadata, (key, value: unknown) => {
    if (typeof value === "function") unsent.add(key);
    return value;
  });
  const announcement: Announcement = { priority, ignoredPhases, nearMisses, unsent: [...unsent] };
  return { ...(JSON.parse(text) as PluginMetadata), announcement };
}
