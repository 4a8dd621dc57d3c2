// Asks the gateway, before an isolate is woken, what its event would ask first.
import type { AskedCall, PdkCall } from "../channel/index.js";

interface PlayedOpening {
  readonly instanceId: number;
  readonly calls: readonly PdkCall[];
  readonly asked: AskedCall[];
  readonly onAnswered: (asked: readonly AskedCall[]) => void;
}

export class OpeningPlayer {
  readonly #onCalls: (eventId: number, calls: readonly PdkCall[]) => void;
  readonly #played = new Map<number, PlayedOpening>();
  /** What is to happen once no opening of an instance is under way. */
  readonly #whenDone = new Map<number, () => void>();

  constructor(onCalls: (eventId: number, calls: readonly PdkCall[]) => void) {
    this.#onCalls = onCalls;
  }

  play(eventId: number, instanceId: number, calls: readonly PdkCall[], onAnswered: (asked: readonly AskedCall[]) => void): void {
    this.#played.set(eventId, { instanceId, calls, asked: [], onAnswered });
    this.#onCalls(eventId, calls);
  }

  /** Returns false where the event has no opening under way. */
  step(eventId: number, failed: boolean, data: Buffer | undefined): boolean {
    const played = this.#played.get(eventId);
    if (played === undefined) return false;
    const { calls, asked, onAnswered } = played;
    const call = calls[asked.length]?.data;
    // What was read from a socket is gone after this one.
    if (call !== undefined) asked.push({ call, failed, data: data === undefined ? undefined : Buffer.from(data) });
    if (asked.length < calls.length) return true;
    this.#played.delete(eventId);
    onAnswered(asked);
    this.#done(played.instanceId);
    return true;
  }

  /** Returns false where the event has no opening under way. */
  cancel(eventId: number): boolean {
    const played = this.#played.get(eventId);
    if (played === undefined) return false;
    this.#played.delete(eventId);
    this.#done(played.instanceId);
    return true;
  }

  /** Runs `action` once no opening of the instance is under way; at once where there is none. */
  whenDone(instanceId: number, action: () => void): void {
    if (this.#isPlaying(instanceId)) this.#whenDone.set(instanceId, action);
    else action();
  }

  #isPlaying(instanceId: number): boolean {
    for (const played of this.#played.values()) if (played.instanceId === instanceId) return true;
    return false;
  }

  #done(instanceId: number): void {
    const action = this.#whenDone.get(instanceId);
    if (action === undefined || this.#isPlaying(instanceId)) return;
    this.#whenDone.delete(instanceId);
    action();
  }
}
