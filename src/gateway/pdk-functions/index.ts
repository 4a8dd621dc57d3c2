// The PDK functions of Kong 3.9 over a plain GatewayRequest: name, phases, argument checks, result.

import { clientFunctions } from "./client.js";
import { contextFunctions } from "./context.js";
import { assertPhase, type PdkArguments, type PdkCall, type PdkFunctions } from "./definition.js";
import { logFunctions } from "./log.js";
import { nginxFunctions } from "./nginx.js";
import { nodeFunctions } from "./node.js";
import { requestFunctions } from "./request.js";
import { responseFunctions } from "./response.js";
import { serviceFunctions } from "./service.js";
import { serviceRequestFunctions } from "./service-request.js";
import { serviceResponseFunctions } from "./service-response.js";

export {
  RefusedCall,
  type PdkCall,
  type PdkFunction,
  type PdkFunctions,
  type LogLevel,
  type PluginLogLine,
} from "./definition.js";
export { forwardedAddress } from "./client.js";
export { respondWithError } from "./response.js";

export const pdkFunctions: PdkFunctions = {
  ...clientFunctions,
  ...contextFunctions,
  ...logFunctions,
  ...nginxFunctions,
  ...nodeFunctions,
  ...requestFunctions,
  ...responseFunctions,
  ...serviceFunctions,
  ...serviceRequestFunctions,
  ...serviceResponseFunctions,
};

export type StepMethod =
  "Step" | "StepConsumer" | "StepCredential" | "StepMemoryStats" | "StepMultiMap" | "StepRoute" | "StepService";

const STEP_METHODS: Readonly<Record<string, StepMethod>> = {
  "kong.client.get_credential": "StepCredential",
  "kong.client.authenticate": "StepCredential",
  "kong.client.load_consumer": "StepConsumer",
  "kong.client.get_consumer": "StepConsumer",
  "kong.node.get_memory_stats": "StepMemoryStats",
  "kong.router.get_route": "StepRoute",
  "kong.router.get_service": "StepService",
  "kong.request.get_query": "StepMultiMap",
  "kong.request.get_headers": "StepMultiMap",
  "kong.response.get_headers": "StepMultiMap",
  "kong.service.response.get_headers": "StepMultiMap",
};

export type PdkAnswer =
  /** `data` is undefined for nil. */
  | { readonly kind: "step"; readonly step: StepMethod; readonly data: unknown }
  /** The call ended the request. */
  | { readonly kind: "ended" };

/** Runs one PDK call; throws a RefusedCall where Kong sends no answer. A name Kong does not know answers nil. */
export async function callPdk(call: PdkCall, method: string, args: PdkArguments): Promise<PdkAnswer> {
  const definition = Object.hasOwn(pdkFunctions, method) ? pdkFunctions[method] : undefined;
  if (definition === undefined) return { kind: "step", step: "Step", data: undefined };
  assertPhase(method, definition, call.phase);
  const data: unknown = await definition.run(call, args);
  if (definition.ends === true) return { kind: "ended" };
  return { kind: "step", step: STEP_METHODS[method] ?? "Step", data };
}
