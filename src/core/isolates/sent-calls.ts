// Holds the calls that an isolate was sent and has not ended, and knows which of them it cannot have begun.
import type { CallStart, StartGate } from "../channel/index.js";
import { IdTable } from "../model/index.js";
import { isOwnMemory } from "../net/index.js";

interface SentCall {
  readonly call: CallStart;
  /** Its number among all that the isolate was sent, from 1. */
  readonly order: number;
  /** How often the isolate had shown that it reads when it was sent, where it had yet to read what came before. */
  readonly sentBeforeReading: number | undefined;
}

export interface DividedCalls {
  readonly begun: readonly CallStart[];
  /** They have certainly not begun, and never will in this isolate. */
  readonly unread: readonly CallStart[];
}

export class SentCalls {
  readonly #gate: StartGate | undefined;
  readonly #calls = new IdTable<SentCall>();
  #sent = 0;
  #readings = 0;

  /** `gate` tells exactly which calls have begun, where host and isolate have memory in common. */
  constructor(gate: StartGate | undefined) {
    this.#gate = gate;
  }

  get size(): number {
    return this.#calls.size;
  }

  has(callId: number): boolean {
    return this.#calls.has(callId);
  }

  /** `isBehind`: something that was sent before, or the load of the module, has yet to be answered. */
  add(call: CallStart, isBehind: boolean): void {
    this.#sent += 1;
    this.#calls.set(call.callId, { call, order: this.#sent, sentBeforeReading: isBehind ? this.#readings : undefined });
  }

  delete(callId: number): boolean {
    return this.#calls.delete(callId);
  }

  /** The isolate has answered what was sent behind all calls there are. */
  read(): void {
    this.#readings += 1;
  }

  clear(): void {
    this.#calls.clear();
  }

  /** Shuts the isolate to further calls. `isSilent`: without a gate, what it has not shown to have read it has not. */
  divide(isSilent: boolean): DividedCalls {
    const hasBegun = this.#gate?.shut();
    const begun: CallStart[] = [];
    const unread: CallStart[] = [];
    for (const { call, order, sentBeforeReading } of this.#calls.values().sort((one, other) => one.order - other.order)) {
      const isUnread = hasBegun === undefined ? isSilent && sentBeforeReading === this.#readings : !hasBegun(order);
      (isUnread && !hasGone(call) ? unread : begun).push(call);
    }
    return { begun, unread };
  }
}

/** Whether the memory of its payload has changed hands: there is nothing to send again. */
const hasGone = ({ payload }: CallStart): boolean => payload !== undefined && isOwnMemory(payload);
