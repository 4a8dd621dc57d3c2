// Names the reads with which an instance's phase has begun every time: a host makes them before it wakes the isolate.
import type { Protocol } from "./phase-host.js";

/** Calls in the gateway's encoding, all of which want an answer. They were made before the gateway had said anything. */
export type Opening = readonly Buffer[];

/** Which events an opening is for. */
export interface OpeningKey {
  readonly instanceId: number;
  readonly phase: string;
  readonly protocol: Protocol;
}

/** A call that was made ahead, and what the gateway said; `data` undefined means nil. */
export interface AskedCall {
  readonly call: Buffer;
  readonly failed: boolean;
  readonly data: Buffer | undefined;
}
