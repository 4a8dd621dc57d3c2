// Which plugin configurations apply to a request, in the order they run.

import type { GatewayConfig, PluginEntity } from "../entities.js";
import type { PluginInfo } from "./plugin-info.js";

/** The most specific configuration of each plugin (route before service before global), highest priority first. */
export function selectPlugins(
  config: Pick<GatewayConfig, "plugins">,
  infos: ReadonlyMap<string, PluginInfo>,
  scope: { routeId: string | undefined; serviceId: string | undefined },
): PluginEntity[] {
  const selected = new Map<string, PluginEntity>();
  for (const plugin of config.plugins) {
    if (plugin.routeId !== undefined && plugin.routeId !== scope.routeId) continue;
    if (plugin.serviceId !== undefined && plugin.serviceId !== scope.serviceId) continue;
    const other = selected.get(plugin.name);
    if (other === undefined || specificity(plugin) > specificity(other)) selected.set(plugin.name, plugin);
  }
  const priority = (plugin: PluginEntity): number => infos.get(plugin.name)?.priority ?? 0;
  return [...selected.values()].sort((a, b) => priority(b) - priority(a) || (a.name < b.name ? 1 : -1));
}

function specificity(plugin: PluginEntity): number {
  return (plugin.routeId === undefined ? 0 : 2) + (plugin.serviceId === undefined ? 0 : 1);
}
