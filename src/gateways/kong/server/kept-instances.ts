// Has the instances of gateways that cannot be told when one is gone outlive the server process that started them.
import type { SleepingBinding } from "../../../core/plugins/index.js";
import type { Keeper } from "../../../core/supervisor/index.js";

/** An instance as a gateway has asked for it. */
export type AskedInstance = Pick<SleepingBinding, "id" | "plugin" | "config" | "started">;

export class KeptInstances {
  readonly #keeper: Keeper | undefined;

  /** Without a keeper nothing is kept: nobody would start the next process. */
  constructor(keeper: Keeper | undefined) {
    this.#keeper = keeper;
  }

  keep({ id, plugin, config, started }: AskedInstance): void {
    this.#keeper?.keep(id, JSON.stringify({ plugin, config, started }));
  }

  forget(id: number): void {
    this.#keeper?.forget(id);
  }

  /** What processes before this one have had kept. */
  async list(): Promise<AskedInstance[]> {
    const kept = (await this.#keeper?.kept) ?? [];
    return kept.map(([id, text]) => ({ id, ...(JSON.parse(text) as Omit<AskedInstance, "id">) }));
  }
}
