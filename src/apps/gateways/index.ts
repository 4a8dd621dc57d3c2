// The door of gateways: what is made of all gateways together.
import type { Generation, LoadOptions } from "../../core/plugins/index.js";
import type { ComposedDefinition, GatewayWorker } from "../../core/worker/index.js";
import type { TykDefinition } from "../../gateways/tyk/worker/index.js";
import { checkAnnouncement } from "../../gateways/kong/server/index.js";

export { refusedOnTyk } from "./kong-on-tyk/refused-functions.js";

/** How a plugin of Tyk's is told from Kong's, in `metadata.gateway`. */
export const TYK = "tyk";

export const isTyk = ({ metadata }: Pick<Generation, "metadata">): boolean => metadata.gateway === TYK;

const NOTHING_TO_SAY = { errors: [], warnings: [], notes: [], effects: [], announced: {} };

/** URL of the module that reads plugins of any gateway in an isolate. */
export const ALL_GATEWAYS_WORKER = new URL("./worker.js", import.meta.url).href;

/** How a directory is read that has plugins of any gateway. */
export const ALL_GATEWAYS: Pick<LoadOptions, "gatewayWorker" | "checkDefinition"> = {
  gatewayWorker: ALL_GATEWAYS_WORKER,
  // All that Tyk asks of a plugin, reading it has found out.
  checkDefinition: (metadata, source) => (metadata.gateway === TYK ? NOTHING_TO_SAY : checkAnnouncement(metadata, source)),
};

/** Whether Tyk may call anything in a plugin. */
export const isForTyk = (generation: Generation): boolean =>
  isTyk(generation) || (generation.metadata.functionsFor?.[TYK]?.length ?? 0) > 0;

/** What Tyk may call in a plugin: `pre/addFooBar`. */
export const hookFunctionsOf = ({ metadata }: Generation): readonly string[] =>
  metadata.functionsFor?.[TYK] ?? metadata.functions;

/** URL of the module that runs plugins for Tyk in an isolate. */
export const TYK_WORKER = new URL("./tyk-worker.js", import.meta.url).href;

/** The same, for a plugin that runs in this thread; it takes a while to load. */
export const loadTykWorker = async (): Promise<GatewayWorker<ComposedDefinition>> =>
  (await import("./tyk-worker.js")).gatewayWorker;

/** What a module is to Tyk, read in this thread. @throws {Error} with the reason, where it is no plugin. */
export const loadTykDefinition = async (moduleExports: unknown, name: string): Promise<TykDefinition> =>
  (await import("./tyk-worker.js")).tykDefinition(moduleExports, name);

/** Reads a plugin of any gateway in this thread. */
export const loadAllWorkers = async (): Promise<GatewayWorker<ComposedDefinition>> => (await import("./worker.js")).gatewayWorker;
