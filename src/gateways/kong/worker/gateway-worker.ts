// Kong's half in an isolate: the forms of its plugins, and the host that runs their phases.
import type { GatewayWorker } from "../../../core/worker/index.js";
import { isPdkError } from "../pdk/index.js";
import { gatewayCodecs } from "./codecs.js";
import { ExitSignal } from "./exit-signal.js";
import { adaptModule } from "./forms/adapt-module.js";
import type { KongDefinition } from "./forms/plugin-definition.js";
import { KongHost } from "./kong-host.js";
import { PrefetchLearner } from "./prefetch-learner.js";
import { metadataOf } from "./plugin-metadata.js";
import { exceptionEscapes, rejectionFloats, rejectionLands } from "./refusals.js";
import { checkRuntime } from "./self-check.js";

export const gatewayWorker: GatewayWorker<KongDefinition> = {
  define: adaptModule,
  describe: metadataOf,
  createHost: (definition, { plugin, listener, tracking, maxBodySize, release, onPrefetch }) =>
    new KongHost(definition, gatewayCodecs(maxBodySize), listener, {
      plugin,
      tracking,
      release,
      prefetches: new PrefetchLearner(onPrefetch),
    }),
  // It makes no call whose answer is a body.
  selfCheck: (done) => checkRuntime(gatewayCodecs(0), done),
  strayErrors: {
    levelOf: (thrown) => {
      // The event is over on purpose, and its handler was told so where it listens.
      if (thrown instanceof ExitSignal) return undefined;
      // A call after the end of its event is a slip that changes nothing; one that failed or could not be sent is a fault.
      const isLate = isPdkError(thrown) && (thrown.code === "PDK_EVENT_ENDED" || thrown.code === "PDK_EVENT_CANCELLED");
      return isLate ? "debug" : "error";
    },
    exceptionEscapes,
    rejectionFloats: (promise, reason) => void rejectionFloats(promise, reason),
    rejectionLands,
  },
};
