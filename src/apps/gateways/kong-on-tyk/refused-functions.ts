// Finds the functions that a plugin for Kong calls and cannot have behind Tyk, before anything runs.
import { PDK_METHODS } from "../../../gateways/kong/pdk/index.js";
import { CallFinder } from "../../../gateways/kong/usage/index.js";
import { whyNotOnTyk } from "./functions.js";

const REFUSED = PDK_METHODS.map(({ method }) => method).filter((method) => whyNotOnTyk(method) !== undefined);
const finder = new CallFinder(REFUSED);

/** Kong's names of those that the code calls. */
export function refusedOnTyk(code: string): string[] {
  const found = new Set(finder.find(code).map(({ method }) => method));
  return REFUSED.filter((method) => found.has(method));
}
