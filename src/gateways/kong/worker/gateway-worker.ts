// Kong's half in an isolate: the forms of its plugins, and the host that runs their phases.
import type { GatewayWorker } from "../../../core/worker/index.js";
import { isPdkError } from "../pdk/index.js";
import { gatewayCodecs } from "./codecs.js";
import { ExitSignal } from "./event.js";
import { adaptModule } from "./forms/adapt-module.js";
import type { PluginDefinition } from "./forms/plugin-definition.js";
import { LocalHost } from "./local-host.js";
import { OpeningHabits } from "./opening-habits.js";
import { metadataOf } from "./plugin-metadata.js";
import { exceptionEscapes, rejectionFloats, rejectionLands } from "./refusals.js";
import { checkRuntime } from "./self-check.js";

export const gatewayWorker: GatewayWorker<PluginDefinition> = {
  define: adaptModule,
  describe: metadataOf,
  createHost: (definition, { plugin, listener, tracking, maxBodySize, release, onOpening }) =>
    new LocalHost(definition, gatewayCodecs(maxBodySize), listener, {
      plugin,
      tracking,
      release,
      habits: new OpeningHabits(onOpening),
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
