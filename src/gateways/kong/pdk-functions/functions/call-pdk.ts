// The PDK functions of Kong 3.9 over a plain GatewayRequest: name, phases, argument checks, result.

import { clientFunctions } from "./client.js";
import { contextFunctions } from "./context.js";
import { isTable } from "../document/lua-values.js";
import { assertRunsIn, type PdkArguments, type PdkCall, type PdkFunctions, RefusedCall } from "./definition.js";
import { logFunctions } from "./log.js";
import { nginxFunctions } from "./nginx.js";
import { nodeFunctions } from "./node.js";
import { requestFunctions } from "./request.js";
import { responseFunctions } from "./response.js";
import { serviceFunctions } from "./service.js";
import { serviceRequestFunctions } from "./service-request.js";
import { serviceResponseFunctions } from "./service-response.js";
import { errorForNil, phasesIn, refusesLists } from "./version-history.js";

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
  "Step" | "StepConsumer" | "StepCredential" | "StepError" | "StepMemoryStats" | "StepMultiMap" | "StepRoute" | "StepService";

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

const UNKNOWN: PdkAnswer = { kind: "step", step: "Step", data: undefined };

/** Runs one PDK call; throws a RefusedCall where Kong sends no answer. A name Kong does not know answers nil. */
export async function callPdk(call: PdkCall, method: string, args: PdkArguments): Promise<PdkAnswer> {
  const definition = Object.hasOwn(pdkFunctions, method) ? pdkFunctions[method] : undefined;
  if (definition === undefined) return UNKNOWN;
  const { kongVersion } = call.facts;
  const phases = phasesIn(kongVersion, method, definition.phases);
  if (phases === undefined) return UNKNOWN;
  assertRunsIn(method, phases, call.phase);
  if (refusesLists(kongVersion, method) && isTable(args[1])) throw new RefusedCall("the header's value must be a single one");
  const data: unknown = await definition.run(call, args);
  if (definition.ends === true) return { kind: "ended" };
  const error = data === undefined ? errorForNil(kongVersion, method, args[0]) : undefined;
  if (error !== undefined) return { kind: "step", step: "StepError", data: error };
  return { kind: "step", step: STEP_METHODS[method] ?? "Step", data };
}
