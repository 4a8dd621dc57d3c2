// Reads the plugins of all gateways out of one directory: what is made with Tyk's function is Tyk's, anything else Kong's. Kong's say
// what Tyk may call in them, too.
import { composeWorkers, type GatewayWorker } from "../../core/worker/index.js";
import { gatewayWorker as kong, type KongDefinition } from "../../gateways/kong/worker/index.js";
import { gatewayWorker as tyk } from "../../gateways/tyk/worker/index.js";
import { tykFunctions } from "./kong-on-tyk/tyk-form.js";

const kongForBoth: GatewayWorker<KongDefinition> = {
  ...kong,
  describe: (definition, name) => ({
    ...kong.describe(definition, name),
    functionsFor: { tyk: tykFunctions(definition.phases) },
  }),
};

export const gatewayWorker = composeWorkers({ tyk, kong: kongForBoth });
