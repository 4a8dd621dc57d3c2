// Tells whoever started this isolate of each memory in which calls are counted here, so that nothing is lost with the isolate.
import type { PluginCounters } from "./call-counters.js";

/** The way up: a host, which sums everything. */
export interface CountersListener {
  counting(id: number, counters: PluginCounters): void;
  /** Nobody counts there any more. */
  counted(id: number): void;
}

export class CountersUplink {
  readonly #listener: CountersListener;
  readonly #ids = new Map<PluginCounters, number>();
  #nextId = 0;

  constructor(listener: CountersListener) {
    this.#listener = listener;
  }

  add(counters: PluginCounters): void {
    const id = this.#nextId++;
    this.#ids.set(counters, id);
    this.#listener.counting(id, counters);
  }

  drop(counters: PluginCounters): void {
    const id = this.#ids.get(counters);
    if (id === undefined) return;
    this.#ids.delete(counters);
    this.#listener.counted(id);
  }
}
