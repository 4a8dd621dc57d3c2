// Names the reads with which an instance's phase has begun every time: a host makes them before it wakes the isolate.

/** Calls in the gateway's encoding, all of which want an answer. They were made before the gateway had said anything. */
export type Opening = readonly Buffer[];

/** A call that was made ahead, and what the gateway said; `data` undefined means nil. */
export interface AskedCall {
  readonly call: Buffer;
  readonly failed: boolean;
  readonly data: Buffer | undefined;
}
