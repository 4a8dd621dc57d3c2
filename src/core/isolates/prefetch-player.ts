// Asks the gateway, before an isolate is woken, what its call would ask first.
import type { Ask, CallStart, PrefetchedAnswer } from "../channel/index.js";

interface PlayedPrefetch {
  readonly call: CallStart;
  readonly asks: readonly Ask[];
  readonly answers: PrefetchedAnswer[];
}

export interface PrefetchPlayerOptions {
  readonly onAsks: (callId: number, asks: readonly Ask[]) => void;
  /** All are answered: the call can begin. */
  readonly onAnswered: (call: CallStart, answers: readonly PrefetchedAnswer[]) => void;
}

export class PrefetchPlayer {
  readonly #options: PrefetchPlayerOptions;
  readonly #played = new Map<number, PlayedPrefetch>();
  /** What is to happen once no prefetch of a binding is under way. */
  readonly #whenDone = new Map<number, () => void>();

  constructor(options: PrefetchPlayerOptions) {
    this.#options = options;
  }

  play(call: CallStart, asks: readonly Ask[]): void {
    this.#played.set(call.callId, { call, asks, answers: [] });
    this.#options.onAsks(call.callId, asks);
  }

  /** Returns false where the call has no prefetch under way. */
  answer(callId: number, failed: boolean, data: Buffer | undefined): boolean {
    if (this.#played.size === 0) return false;
    const played = this.#played.get(callId);
    if (played === undefined) return false;
    const { call, asks, answers } = played;
    const ask = asks[answers.length]?.data;
    // What was read from a socket is gone after this one.
    if (ask !== undefined) answers.push({ ask, failed, data: data === undefined ? undefined : Buffer.from(data) });
    if (answers.length < asks.length) return true;
    this.#played.delete(callId);
    this.#options.onAnswered(call, answers);
    this.#done(call.bindingId);
    return true;
  }

  /** Returns false where the call has no prefetch under way. */
  cancel(callId: number): boolean {
    const played = this.#played.get(callId);
    if (played === undefined) return false;
    this.#played.delete(callId);
    this.#done(played.call.bindingId);
    return true;
  }

  /** Runs `action` once no prefetch of the binding is under way; at once where there is none. */
  whenDone(bindingId: number, action: () => void): void {
    if (this.#isPlaying(bindingId)) this.#whenDone.set(bindingId, action);
    else action();
  }

  #isPlaying(bindingId: number): boolean {
    for (const { call } of this.#played.values()) if (call.bindingId === bindingId) return true;
    return false;
  }

  #done(bindingId: number): void {
    if (this.#whenDone.size === 0) return;
    const action = this.#whenDone.get(bindingId);
    if (action === undefined || this.#isPlaying(bindingId)) return;
    this.#whenDone.delete(bindingId);
    action();
  }
}
