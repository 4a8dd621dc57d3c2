// Which plugin configurations apply to a request, in the order they run.

import type { GatewayConfig, PluginEntity } from "../../pdk-functions/index.js";
import type { ParsedPluginInfo } from "./plugin-info.js";

/** What is known of a request: whose route, service and consumer it has. */
export interface Scope {
  readonly routeId: string | undefined;
  readonly serviceId: string | undefined;
  readonly consumerId: string | undefined;
}

/** The most specific configuration of each plugin, highest priority first. */
export function selectPlugins(
  config: Pick<GatewayConfig, "plugins">,
  infos: ReadonlyMap<string, Pick<ParsedPluginInfo, "priority">>,
  scope: Scope,
): PluginEntity[] {
  return pluginNames(config, infos).flatMap((name) => selectPlugin(config, name, scope) ?? []);
}

/** All plugins that have a configuration, highest priority first. */
export function pluginNames(
  config: Pick<GatewayConfig, "plugins">,
  infos: ReadonlyMap<string, Pick<ParsedPluginInfo, "priority">>,
): string[] {
  const priority = (name: string): number => infos.get(name)?.priority ?? 0;
  const names = [...new Set(config.plugins.map(({ name }) => name))];
  return names.sort((a, b) => priority(b) - priority(a) || (a < b ? 1 : -1));
}

/** The most specific configuration of a plugin, if one applies. */
export function selectPlugin(config: Pick<GatewayConfig, "plugins">, name: string, scope: Scope): PluginEntity | undefined {
  let selected: PluginEntity | undefined;
  for (const plugin of config.plugins) {
    if (plugin.name !== name || !applies(plugin, scope)) continue;
    if (selected === undefined || specificity(plugin) > specificity(selected)) selected = plugin;
  }
  return selected;
}

function applies({ routeId, serviceId, consumerId }: PluginEntity, scope: Scope): boolean {
  const fits = (wanted: string | undefined, is: string | undefined): boolean => wanted === undefined || wanted === is;
  return fits(routeId, scope.routeId) && fits(serviceId, scope.serviceId) && fits(consumerId, scope.consumerId);
}

/** Kong's order: a consumer counts more than a route, a route more than a service; two of them more than one. */
function specificity({ routeId, serviceId, consumerId }: PluginEntity): number {
  return (consumerId === undefined ? 0 : 4) + (routeId === undefined ? 0 : 3) + (serviceId === undefined ? 0 : 2);
}
