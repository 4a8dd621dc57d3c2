// Says in one line how a server does, for who sees it in a list of services.
import type { StatusSources } from "./status-routes.js";

/** Such as `serving 2 plugins on /run/kong.sock; not loaded: broken`. */
export async function summaryOf({ engines, listening }: StatusSources): Promise<string> {
  const registries = await Promise.all(engines.map((engine) => engine.registry()));
  const served = new Set(registries.flatMap((registry) => registry.list().map(({ name }) => name)));
  const problems = new Set(registries.flatMap((registry) => registry.problems().map(({ name }) => name)));
  const plugins = served.size === 1 ? "1 plugin" : `${served.size} plugins`;
  const missing = problems.size === 0 ? "" : `; not loaded: ${[...problems].join(", ")}`;
  return `serving ${plugins} on ${listening().join(", ")}${missing}`;
}
