// Owns the functions of `kong` that are of no use as the gateway offers them, and are made here of others that are.
import { PDK_METHODS } from "../../pdk/index.js";
import {
  assertArguments,
  assertPhase,
  callableMethod,
  type CallableMethod,
  type PdkAsk,
  type PdkName,
} from "./callable-method.js";
import type { HandlerEvent } from "../handler-event.js";
import { toWireArguments } from "./pdk-arguments.js";
import { readBody, readRawBody, writeBody } from "../bodies/request-body.js";
import { serviceHeaders } from "./service-headers.js";

interface Composition {
  /** `plugin` is for messages. */
  run(ask: PdkAsk, args: readonly unknown[], plugin: string): Promise<unknown>;
  /** Where it does not, the call is sent as it is. */
  applies(event: HandlerEvent, args: readonly unknown[]): boolean;
}

const always = (): boolean => true;
/** Plugins of kong-js-pdk are to run as they did: they get what the gateway makes of a body. */
const forOwnForms = (event: HandlerEvent): boolean => event.bodies === "buffer";
/** A number is given to the gateway as it is. */
const withoutNumber = (_event: HandlerEvent, [first]: readonly unknown[]): boolean => typeof first !== "number";

const COMPOSED: ReadonlyMap<string, Composition> = new Map<string, Composition>([
  ["kong.request.get_raw_body", { run: readRawBody, applies: withoutNumber }],
  ["kong.request.get_body", { run: readBody, applies: forOwnForms }],
  ["kong.service.request.set_body", { run: writeBody, applies: forOwnForms }],
  ["kong.service.response.get_headers", { run: serviceHeaders, applies: always }],
]);

const CALLABLE = new Map<string, CallableMethod>(PDK_METHODS.map((method) => [method.method, callableMethod(method)]));

/** What runs a function here; undefined for those that the gateway runs as they are. */
export function composedFunction(
  method: CallableMethod,
): ((event: HandlerEvent, args: readonly unknown[]) => Promise<unknown>) | undefined {
  const composition = COMPOSED.get(method.method);
  if (composition === undefined) return undefined;
  const run = async (event: HandlerEvent, args: readonly unknown[]): Promise<unknown> => {
    assertPhase(method, event.phase);
    assertArguments(method, toWireArguments(method.method, args), event.phase);
    return composition.run((name, its) => askFor(event, name, its), args, event.plugin);
  };
  return (event, args) =>
    composition.applies(event, args) ? event.compose(method.method, () => run(event, args)) : event.call(method, args);
}

function askFor(event: HandlerEvent, name: PdkName, args: readonly unknown[]): Promise<unknown> {
  const method = CALLABLE.get(name);
  if (method === undefined) throw new Error(`${name} is not in the table of PDK functions`);
  return event.call(method, args);
}
