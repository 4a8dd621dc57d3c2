// Parses what a plugin asks for where it fails: how long it may take, what becomes of the request, where its code runs.
import { show } from "./module-values.js";
import { PluginFormError } from "./plugin-form-error.js";

export interface FaultRules {
  /** Seconds that one run of a phase may take. */
  readonly timeout?: number;
  /** What becomes of a request whose event failed. */
  readonly onError?: "exit" | "continue";
  /** Where its code is to run. */
  readonly isolation?: "thread" | "process";
}

/** The gateway gives up after 60 s: an answer must come before that. */
const MAX_TIMEOUT = 59;

/** How a form spells them. */
export interface FaultRuleNames {
  readonly timeout: string;
  readonly onError: string;
  readonly isolation: string;
}

export function parseFaultRules(module: Record<PropertyKey, unknown>, names: FaultRuleNames): FaultRules {
  const timeout = module[names.timeout] ?? undefined;
  if (timeout !== undefined && (typeof timeout !== "number" || !(timeout > 0 && timeout <= MAX_TIMEOUT)))
    throw new PluginFormError(`${names.timeout} must be a number of seconds up to ${MAX_TIMEOUT}, not ${show(timeout)}`);
  const onError = parseChoice(module[names.onError], names.onError, ["exit", "continue"]);
  const isolation = parseChoice(module[names.isolation], names.isolation, ["thread", "process"]);
  return {
    ...(timeout === undefined ? {} : { timeout }),
    ...(onError === undefined ? {} : { onError }),
    ...(isolation === undefined ? {} : { isolation }),
  };
}

function parseChoice<const Choice extends string>(value: unknown, label: string, choices: readonly Choice[]): Choice | undefined {
  if (value === undefined || value === null) return undefined;
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) throw new PluginFormError(`${label} must be "${choices.join('" or "')}", not ${show(value)}`);
  return choice;
}
