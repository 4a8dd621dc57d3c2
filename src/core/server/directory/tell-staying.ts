// Tells which instances a reload left with the former version of their plugin, and why.
import type { Logger } from "pino";
import type { StayingBinding } from "../served-plugins.js";

/** Lines per reload: what one of them says is mostly true of all. */
const MOST = 20;

export function tellStaying(logger: Logger, plugin: string, staying: readonly StayingBinding[]): void {
  for (const { instance, problems, ids } of staying.slice(0, MOST)) {
    const place = Object.entries(ids).map(([entity, id]) => `${entity.replace("_id", "")} ${id}`);
    const why = problems.map(({ path, reason }) => `${path} ${reason}`).join("; ");
    logger.error(
      { plugin, binding: instance.id, ...ids },
      `instance ${instance.id} of plugin ${plugin}${place.length === 0 ? "" : ` (${place.join(", ")})`} goes on with the former version until the gateway sends a configuration that fits: ${why}`,
    );
  }
  const rest = staying.length - MOST;
  if (rest > 0) logger.error({ plugin }, `and ${rest} more instances of plugin ${plugin} go on with the former version`);
}
