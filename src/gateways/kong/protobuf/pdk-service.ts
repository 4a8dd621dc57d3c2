// Says which PDK functions ProtoBuf:1 carries, and with which messages.
import { PDK_SERVICE } from "./plugin-socket.js";

type Signatures = (typeof PDK_SERVICE)[keyof typeof PDK_SERVICE];

/** The messages that carry arguments, and those that carry results. */
export type ArgumentType = Signatures[0];
export type ResultType = Signatures[1];

export interface PdkSignature {
  readonly takes: ArgumentType;
  readonly gives: ResultType;
}

const SIGNATURES: ReadonlyMap<string, PdkSignature> = new Map(
  Object.entries(PDK_SERVICE).map(([method, [takes, gives]]) => [method, { takes, gives }]),
);

/** Undefined for a function that the protocol does not carry: the gateway would end the event without an answer. */
export function pdkSignature(method: string): PdkSignature | undefined {
  return SIGNATURES.get(method);
}
