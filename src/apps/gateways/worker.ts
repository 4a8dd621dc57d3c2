// Reads the plugins of all gateways out of one directory: what is made with Tyk's function is Tyk's, anything else Kong's.
import { composeWorkers } from "../../core/worker/index.js";
import { gatewayWorker as kong } from "../../gateways/kong/worker/index.js";
import { gatewayWorker as tyk } from "../../gateways/tyk/worker/index.js";

export const gatewayWorker = composeWorkers({ tyk, kong });
