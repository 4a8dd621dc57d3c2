// Holds what one isolate has said about how the events of its instances begin.
import type { Opening, PdkCall, Protocol } from "../channel/index.js";

interface KnownOpening {
  readonly phase: string;
  readonly protocol: Protocol;
  readonly calls: readonly PdkCall[];
}

export class Openings {
  readonly #byInstance = new Map<number, readonly KnownOpening[]>();

  /** An instance of which something may be said. */
  add(instanceId: number): void {
    this.#byInstance.set(instanceId, []);
  }

  get(instanceId: number, phase: string, protocol: Protocol): readonly PdkCall[] | undefined {
    return this.#byInstance.get(instanceId)?.find((known) => known.phase === phase && known.protocol === protocol)?.calls;
  }

  set(instanceId: number, phase: string, protocol: Protocol, opening: Opening | undefined): void {
    const known = this.#byInstance.get(instanceId);
    // It was closed meanwhile.
    if (known === undefined) return;
    const others = known.filter((other) => other.phase !== phase || other.protocol !== protocol);
    const calls = opening?.map((data) => ({ data, wantsAnswer: true, ends: false }));
    this.#byInstance.set(instanceId, calls === undefined ? others : [...others, { phase, protocol, calls }]);
  }

  delete(instanceId: number): void {
    this.#byInstance.delete(instanceId);
  }
}
