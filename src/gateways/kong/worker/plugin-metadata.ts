// Says what a plugin is to whoever serves it, as plain data.
import type { PluginMetadata } from "../../../core/channel/index.js";
import type { PluginDefinition } from "./forms/plugin-definition.js";

/** `fallbackName` is that of a plugin that states none. */
export function metadataOf(definition: PluginDefinition, fallbackName: string): PluginMetadata {
  const { form, name = fallbackName, version, priority, phases, ignoredPhases, nearMisses, fields } = definition;
  const { pdkVersion: apiVersion, timeout, onError, isolation } = definition;
  const hasStamp = form === "define-plugin" ? true : undefined;
  const said = { form, name, version, priority, phases, ignoredPhases, nearMisses, fields };
  const disposes = definition.dispose === undefined ? undefined : true;
  const metadata = { ...said, apiVersion, hasStamp, timeout, onError, isolation, disposes };
  // As data: a schema may hold functions, which no gateway gets to see.
  const unsent = new Set<string>();
  const text = JSON.stringify(metadata, (key, value: unknown) => {
    if (typeof value === "function") unsent.add(key);
    return value;
  });
  const sent = JSON.parse(text) as PluginMetadata;
  return unsent.size === 0 ? sent : { ...sent, unsent: [...unsent] };
}
