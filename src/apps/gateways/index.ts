// The door of gateways: what is made of all gateways together.
import type { Generation, LoadOptions } from "../../core/plugins/index.js";
import { checkAnnouncement } from "../../gateways/kong/server/index.js";

export { refusedOnTyk } from "./kong-on-tyk/index.js";

/** How a plugin of Tyk's is told from Kong's, in `metadata.gateway`. */
export const TYK = "tyk";

export const isTyk = ({ metadata }: Generation): boolean => metadata.gateway === TYK;

const NOTHING_TO_SAY = { errors: [], warnings: [], notes: [], effects: [], announced: {} };

/** How a directory is read that has plugins of any gateway. */
export const ALL_GATEWAYS: Pick<LoadOptions, "gatewayWorker" | "checkDefinition"> = {
  gatewayWorker: new URL("./worker.js", import.meta.url).href,
  // All that Tyk asks of a plugin, reading it has found out.
  checkDefinition: (metadata, source) => (metadata.gateway === TYK ? NOTHING_TO_SAY : checkAnnouncement(metadata, source)),
};

/** Whether Tyk may call anything in a plugin. */
export const isForTyk = (generation: Generation): boolean =>
  isTyk(generation) || (generation.metadata.functionsFor?.[TYK]?.length ?? 0) > 0;

/** URL of the module that runs plugins for Tyk in an isolate. */
export const TYK_WORKER = new URL("./tyk-worker.js", import.meta.url).href;

/** How a directory is read for Tyk alone. */
export const TYK_ALONE: typeof ALL_GATEWAYS = {
  gatewayWorker: new URL("../../gateways/tyk/worker/gateway-worker.js", import.meta.url).href,
  checkDefinition: () => NOTHING_TO_SAY,
};
