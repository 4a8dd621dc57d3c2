// Says what a gateway is told about a plugin, by what Kong's half in an isolate announces of it.
import type { PluginMetadata } from "../../../core/channel/index.js";
import type { Announcement } from "../worker/index.js";
import type { Generation } from "../../../core/plugins/index.js";

export const KONG_WORKER = new URL("../worker/gateway-worker.js", import.meta.url).href;

/** What plugin code has put in its place is read as if nothing had been said. */
export function announcementOf({ announcement }: PluginMetadata): Announcement {
  const said: Readonly<Record<string, unknown>> =
    typeof announcement === "object" && announcement !== null ? { ...announcement } : {};
  const { priority } = said;
  return {
    priority: typeof priority === "number" && Number.isFinite(priority) ? priority : 0,
    ignoredPhases: textsOf(said["ignoredPhases"]),
    nearMisses: textsOf(said["nearMisses"]),
    unsent: textsOf(said["unsent"]),
  };
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** A plugin info in the gateway's own spelling, as dumps and GetPluginInfo have it. */
export function pluginInfo({ name, metadata, modified, loaded }: Pick<Generation, "name" | "metadata" | "modified" | "loaded">) {
  return {
    Name: name,
    Version: metadata.version,
    Priority: announcementOf(metadata).priority,
    Phases: metadata.functions,
    Schema: { name, fields: [{ config: { type: "record", fields: metadata.schema } }] },
    ModTime: Math.floor(modified),
    LoadTime: Math.floor(loaded),
  };
}
