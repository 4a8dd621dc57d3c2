// Names the reads with which a binding's function has begun every time: a host asks them before it wakes the isolate.

/** Asks in the gateway's encoding, all of which want an answer. They were made before the gateway had said anything. */
export type Prefetch = readonly Buffer[];

/** Which calls a prefetch is for. */
export interface PrefetchKey {
  readonly bindingId: number;
  readonly functionName: string;
}

/** What was asked ahead, and what the gateway said; `data` undefined means nothing. */
export interface PrefetchedAnswer {
  readonly ask: Buffer;
  readonly failed: boolean;
  readonly data: Buffer | undefined;
}
