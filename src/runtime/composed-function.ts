// Owns the functions of `kong` that are of no use as the gateway offers them, and are made here of others that are.
import { PDK_METHODS } from "../pdk/index.js";
import { assertArguments, assertPhase, callableMethod, type CallableMethod } from "./callable-method.js";
import type { RunningEvent } from "./event.js";
import { toWireArguments } from "./pdk-arguments.js";
import { serviceHeaders } from "./service-headers.js";

/** Makes another call of the same event. */
export type PdkAsk = (method: PdkName, args: readonly unknown[]) => Promise<unknown>;

type PdkName = (typeof PDK_METHODS)[number]["method"];
type Compose = (ask: PdkAsk, args: readonly unknown[], event: RunningEvent) => Promise<unknown>;

const COMPOSED: ReadonlyMap<string, Compose> = new Map<string, Compose>([["kong.service.response.get_headers", serviceHeaders]]);

const CALLABLE = new Map<string, CallableMethod>(PDK_METHODS.map((method) => [method.method, callableMethod(method)]));

/** What runs a function here; undefined for those that the gateway runs as they are. */
export function composedFunction(
  method: CallableMethod,
): ((event: RunningEvent, args: readonly unknown[]) => Promise<unknown>) | undefined {
  const compose = COMPOSED.get(method.method);
  if (compose === undefined) return undefined;
  return async (event, args) => {
    assertPhase(method, event.phase);
    assertArguments(method, toWireArguments(method.method, args), event.phase);
    return compose((name, its) => askFor(event, name, its), args, event);
  };
}

function askFor(event: RunningEvent, name: PdkName, args: readonly unknown[]): Promise<unknown> {
  const method = CALLABLE.get(name);
  if (method === undefined) throw new Error(`${name} is not in the table of PDK functions`);
  return event.call(method, args);
}
