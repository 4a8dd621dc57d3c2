// Holds what one isolate has said about how the calls of its bindings begin.
import type { Ask, PrefetchMessage } from "../channel/index.js";

/** Of one binding: plugin code can get at the channel, and name any. */
const MAX_FUNCTIONS = 64;
const NONE: ReadonlyMap<string, readonly Ask[]> = new Map();

export class KnownPrefetches {
  readonly #byBinding = new Map<number, ReadonlyMap<string, readonly Ask[]>>();

  /** A binding of which something may be said. */
  add(bindingId: number): void {
    this.#byBinding.set(bindingId, NONE);
  }

  get(bindingId: number, functionName: string): readonly Ask[] | undefined {
    return this.#byBinding.get(bindingId)?.get(functionName);
  }

  set({ bindingId, functionName, prefetch }: Omit<PrefetchMessage, "kind">): void {
    const known = this.#byBinding.get(bindingId);
    // It has gone meanwhile.
    if (known === undefined) return;
    if (known.size >= MAX_FUNCTIONS && !known.has(functionName)) return;
    const changed = new Map(known);
    // Buffers cross a channel as plain bytes.
    if (prefetch === undefined) changed.delete(functionName);
    else changed.set(functionName, prefetch.map((data) => ({ data: Buffer.from(data), wantsAnswer: true, ends: false }))); // prettier-ignore
    this.#byBinding.set(bindingId, changed);
  }

  delete(bindingId: number): void {
    this.#byBinding.delete(bindingId);
  }
}
