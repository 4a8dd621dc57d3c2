// Asks the gateway, before an isolate is woken, what its call would ask first, and before that what the server itself wants to know.
import type { Ask, BindingSpec, CallHost, CallHostListener, CallLead, CallStart, PrefetchedAnswer } from "../channel/index.js";
import { IdTable } from "../model/index.js";

interface PlayedPrefetch {
  readonly call: CallStart;
  /** Until it is answered: it comes before the others. */
  lead: CallLead | undefined;
  /** What the answer to the lead made worth asking: it comes behind the others. */
  tail?: CallLead | undefined;
  readonly asks: readonly Ask[];
  readonly answers: PrefetchedAnswer[];
}

export interface PrefetchPlayerOptions {
  readonly onAsks: (callId: number, asks: readonly Ask[]) => void;
  /** All are answered: the call can begin. Without `answers` nothing was prefetched. */
  readonly onAnswered: (call: CallStart, answers: readonly PrefetchedAnswer[] | undefined) => void;
}

export class PrefetchPlayer {
  readonly #options: PrefetchPlayerOptions;
  readonly #played = new IdTable<PlayedPrefetch>();
  /** What is to happen once no prefetch of a binding is under way. */
  readonly #whenDone = new Map<number, () => void>();

  constructor(options: PrefetchPlayerOptions) {
    this.#options = options;
  }

  /** The call has a lead, or asks that are known. */
  play(call: CallStart, asks: readonly Ask[] = []): void {
    const { callId, lead } = call;
    this.#played.set(callId, { call, lead, asks, answers: [] });
    this.#options.onAsks(callId, lead === undefined ? asks : [lead.ask, ...asks]);
  }

  /** Returns false where the call has no prefetch under way. */
  answer(callId: number, failed: boolean, data: Buffer | undefined): boolean {
    if (this.#played.size === 0) return false;
    const played = this.#played.get(callId);
    if (played === undefined) return false;
    const { call, lead, asks, answers } = played;
    const ask = asks[answers.length]?.data;
    if (lead !== undefined) {
      played.lead = undefined;
      played.tail = lead.answered(failed, data);
      if (played.tail !== undefined) this.#options.onAsks(callId, [played.tail.ask]);
    }
    // What was read from a socket is gone after this one.
    else if (ask !== undefined) answers.push({ ask, failed, data: data === undefined ? undefined : Buffer.from(data) });
    else played.tail = played.tail?.answered(failed, data);
    if (answers.length < asks.length || played.tail !== undefined) return true;
    this.#played.delete(callId);
    this.#options.onAnswered(call, asks.length === 0 ? undefined : answers);
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

/** Puts leads before the calls of a host that runs in this thread, where nothing is prefetched. */
export class LeadingHost implements CallHost {
  readonly #host: CallHost;
  readonly #leads: PrefetchPlayer;

  constructor(host: CallHost, listener: CallHostListener) {
    this.#host = host;
    this.#leads = new PrefetchPlayer({
      onAsks: (callId, asks) => listener.onAsks(callId, asks),
      onAnswered: (call) => host.start(call),
    });
  }

  bind(spec: BindingSpec): void {
    this.#host.bind(spec);
  }

  unbind(bindingId: number): void {
    this.#leads.whenDone(bindingId, () => this.#host.unbind(bindingId));
  }

  start(call: CallStart): void {
    if (call.lead === undefined) this.#host.start(call);
    else this.#leads.play(call);
  }

  answer(callId: number, failed: boolean, data: Buffer | undefined): void {
    if (!this.#leads.answer(callId, failed, data)) this.#host.answer(callId, failed, data);
  }

  cancel(callId: number, reason: string, isOverdue?: boolean): void {
    if (!this.#leads.cancel(callId)) this.#host.cancel(callId, reason, isOverdue);
  }
}
