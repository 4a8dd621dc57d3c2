// The door of kong-conf: the gateway's configuration for what is in a plugins directory.
import type { GatewayRelease } from "./gateway-release.js";
import {
  comment,
  type ConfiguredServer,
  perPluginSettings,
  phaseComments,
  type ConfLine,
  sharedSettings,
} from "./kong-settings.js";
import { standaloneSettings } from "./standalone-settings.js";

export type { GivenFlag } from "./command-text.js";
export { findKongRelease, type GatewayRelease } from "./gateway-release.js";
export type { ConfiguredServer, ServerFlags, ConfLine } from "./kong-settings.js";
export { type SettingsFormat, settingsText } from "./settings-text.js";

/** One socket for all plugins, one for each, or an executable for each. */
export type ServingMode = "shared" | "per-plugin" | "standalone";

/** @throws {CommandError} with the reason, for a mode that the release cannot do. */
export function kongSettings(server: ConfiguredServer, release: GatewayRelease, mode: ServingMode): ConfLine[] {
  const { name, newest } = release;
  const settings = [...phaseComments(server, release), ...settingsOf(server, release, mode)];
  if (newest === undefined) return settings;
  return [
    comment(`Kong ${name} came after this server: these are the lines for Kong ${newest}, the newest that it was tried with.`),
    ...settings,
  ];
}

function settingsOf(server: ConfiguredServer, release: GatewayRelease, mode: ServingMode): ConfLine[] {
  switch (mode) {
    case "shared":
      return sharedSettings(server, release);
    case "per-plugin":
      return perPluginSettings(server, release);
    case "standalone":
      return standaloneSettings(server, release);
  }
}
