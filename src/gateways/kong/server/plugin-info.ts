// Says what a gateway is told about a plugin.
import type { Generation } from "../../../core/plugins/index.js";
import { announcementOf } from "./announcement.js";

/** A plugin info in the gateway's own spelling, as dumps and GetPluginInfo have it. */
export function pluginInfo({ name, metadata, modified, loaded }: Generation) {
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
