// Owns a PhaseHost that runs nothing: it records what it is told, and the test plays its handlers.
import type { InstanceSpec, PdkCall, PhaseHost, Protocol } from "../../../../../src/core/channel/index.js";
import type { FailureCall } from "../../../../../src/gateways/kong/rpc/index.js";

export class ScriptedHost implements PhaseHost {
  readonly told: unknown[][] = [];
  /** Called with each event that starts; a handler that is done at once calls back from here. */
  onStart: (eventId: number, phase: string) => void = () => {};
  onStep: () => void = () => {};

  startInstance(spec: InstanceSpec): void {
    this.told.push(["startInstance", spec]);
  }

  closeInstance(instanceId: number): void {
    this.told.push(["closeInstance", instanceId]);
  }

  startEvent(eventId: number, instanceId: number, phase: string, protocol: Protocol): void {
    this.told.push(["startEvent", eventId, instanceId, phase, protocol]);
    this.onStart(eventId, phase);
  }

  step(eventId: number, failed: boolean, data: Buffer | undefined): void {
    this.told.push(["step", eventId, failed, data?.toString()]);
    this.onStep();
  }

  cancelEvent(eventId: number, reason: string): void {
    this.told.push(["cancelEvent", eventId, reason]);
  }

  steps(): unknown[][] {
    return this.told.filter(([name]) => name === "step").map(([, , failed, data]) => [failed, data]);
  }
}

const call = (name: string, wantsAnswer: boolean, ends: boolean): PdkCall => ({ data: Buffer.from(name), wantsAnswer, ends });

/** A call whose answer the handler awaits. */
export const ask = (name: string): PdkCall => call(name, true, false);
/** A write-behind call. */
export const tell = (name: string): PdkCall => call(name, false, false);
/** A call that ends the request. */
export const exit = (name: string): PdkCall => call(name, false, true);

export const failureCall = (method: string, ends: boolean): FailureCall => ({ method, args: [], ends });

/** A dialect in which a call is its method's name, so that what was sent can be read. */
export const PLAIN_DIALECT = {
  protocol: "MsgPack:1",
  streams: false,
  phaseOver: Buffer.from("<over>"),
  encodeCall: (method: string): Buffer => Buffer.from(method),
} as const;
