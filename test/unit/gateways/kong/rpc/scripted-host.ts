// Owns a CallHost that runs nothing: it records what it is told, and the test plays its handlers.
import type { BindingSpec, Ask, CallHost, CallStart } from "../../../../../src/core/channel/index.js";
import { phaseOfFunction, protocolOfFunction } from "../../../../../src/gateways/kong/msgpack/index.js";
import type { FailureCall } from "../../../../../src/gateways/kong/rpc/index.js";

export class ScriptedHost implements CallHost {
  readonly told: unknown[][] = [];
  /** Called with each event that starts; a handler that is done at once calls back from here. */
  onStart: (eventId: number, phase: string) => void = () => {};
  onStep: () => void = () => {};

  bind(spec: BindingSpec): void {
    this.told.push(["startInstance", spec]);
  }

  unbind(instanceId: number): void {
    this.told.push(["closeInstance", instanceId]);
  }

  start({ callId: eventId, bindingId: instanceId, functionName }: CallStart): void {
    const phase = phaseOfFunction(functionName);
    this.told.push(["startEvent", eventId, instanceId, phase, protocolOfFunction(functionName)]);
    this.onStart(eventId, phase);
  }

  answer(eventId: number, failed: boolean, data: Buffer | undefined): void {
    this.told.push(["step", eventId, failed, data?.toString()]);
    this.onStep();
  }

  cancel(eventId: number, reason: string): void {
    this.told.push(["cancelEvent", eventId, reason]);
  }

  steps(): unknown[][] {
    return this.told.filter(([name]) => name === "step").map(([, , failed, data]) => [failed, data]);
  }
}

const call = (name: string, wantsAnswer: boolean, ends: boolean): Ask => ({ data: Buffer.from(name), wantsAnswer, ends });

/** A call whose answer the handler awaits. */
export const ask = (name: string): Ask => call(name, true, false);
/** A write-behind call. */
export const tell = (name: string): Ask => call(name, false, false);
/** A call that ends the request. */
export const exit = (name: string): Ask => call(name, false, true);

export const failureCall = (method: string, ends: boolean): FailureCall => ({ method, args: [], ends });

/** A dialect in which a call is its method's name, so that what was sent can be read. */
export const PLAIN_DIALECT = {
  protocol: "MsgPack:1",
  streams: false,
  phaseOver: Buffer.from("<over>"),
  encodeCall: (method: string): Buffer => Buffer.from(method),
  decodeResult: (_method: string, data: Buffer): string => data.toString(),
} as const;
