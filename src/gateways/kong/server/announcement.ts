// Reads what Kong's half in an isolate announces of a plugin beside what the core knows.
import type { PluginMetadata } from "../../../core/channel/index.js";
import type { Announcement } from "../worker/index.js";

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
