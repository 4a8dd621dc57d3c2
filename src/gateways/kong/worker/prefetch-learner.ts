// Learns with which reads the events of an instance's phase begin, so that the host can make them before it wakes this thread.
import type { PrefetchedAnswer, Prefetch, PrefetchKey } from "../../../core/channel/index.js";

/** Says with what events begin from now on; undefined where it is not known any more. */
export type TellPrefetch = (key: PrefetchKey, opening: Prefetch | undefined) => void;

/**
 * So many events in a row begin alike before the host makes their calls, so that it happens to plugins under load and never to
 * somebody who counts calls by hand. It doubles with each opening that proved wrong.
 */
export const FIRST_PATIENCE = 1000;
const MAX_PATIENCE = 2 ** 20;
const MAX_CALLS = 32;
/** Bytes of one call. */
const MAX_CALL_SIZE = 1024;

export class PrefetchLearner {
  readonly #tell: TellPrefetch;
  readonly #byInstance = new Map<number, Habit[]>();

  constructor(tell: TellPrefetch) {
    this.#tell = tell;
  }

  /** For one event; `asked` is what the host has asked ahead. */
  begin({ bindingId, functionName }: PrefetchKey, asked: readonly PrefetchedAnswer[] | undefined): EventPrefetch {
    let habits = this.#byInstance.get(bindingId);
    if (habits === undefined) this.#byInstance.set(bindingId, (habits = []));
    let habit = habits.find(({ key }) => key.functionName === functionName);
    if (habit === undefined) {
      habit = new Habit({ bindingId, functionName }, this.#tell);
      habits.push(habit);
    }
    return asked === undefined ? new WatchedPrefetch(habit) : new PlayedPrefetch(habit, asked);
  }

  closeInstance(instanceId: number): void {
    this.#byInstance.delete(instanceId);
  }
}

class Habit {
  readonly key: PrefetchKey;
  readonly #tell: TellPrefetch;
  /** How the last event began. */
  #calls: Prefetch = [];
  #alike = 0;
  #patience = FIRST_PATIENCE;
  #opening: Prefetch | undefined;

  constructor(key: PrefetchKey, tell: TellPrefetch) {
    this.key = key;
    this.#tell = tell;
  }

  /** An event made these calls before anything was answered. */
  began(calls: Prefetch): void {
    // Its calls were not asked ahead: it started before the host had been told.
    if (this.#opening !== undefined) return;
    if (calls.length === 0 || !isAlike(calls, this.#calls)) {
      // Encoded calls may lie in memory that many share.
      this.#calls = calls.map((call) => Buffer.from(call));
      this.#alike = 0;
    }
    this.#alike += 1;
    if (this.#alike < this.#patience || calls.length === 0) return;
    this.#opening = this.#calls;
    this.#tell(this.key, this.#opening);
  }

  /** An event began otherwise than with these calls, which were made ahead. */
  missed(calls: Prefetch): void {
    // Another isolate may have told of them, or this one before it thought otherwise.
    if (this.#opening === undefined || !isAlike(calls, this.#opening)) return;
    this.#opening = undefined;
    this.#calls = [];
    this.#alike = 0;
    this.#patience = Math.min(this.#patience * 2, MAX_PATIENCE);
    this.#tell(this.key, undefined);
  }
}

function isAlike(calls: Prefetch, others: Prefetch): boolean {
  return calls.length === others.length && calls.every((call, index) => others[index]?.equals(call) === true);
}

/** How one event begins. */
export interface EventPrefetch {
  /** The handler makes a call; gives its answer where it is already there. `isRead`: it changes nothing, and may be asked ahead. */
  answerTo(call: Buffer, isRead: boolean): PrefetchedAnswer | undefined;
  /** Calls were sent: those made later may depend on answers. */
  sent(): void;
  /** The handler is done. */
  over(): void;
}

/** The event's calls are all its own; the habit learns how it begins. */
class WatchedPrefetch implements EventPrefetch {
  readonly #habit: Habit;
  readonly #calls: Buffer[] = [];
  #state: "reading" | "closed" | "told" = "reading";

  constructor(habit: Habit) {
    this.#habit = habit;
  }

  answerTo(call: Buffer, isRead: boolean): undefined {
    if (this.#state !== "reading") return;
    if (isRead && call.length <= MAX_CALL_SIZE && this.#calls.length < MAX_CALLS) this.#calls.push(call);
    else this.#state = "closed";
  }

  sent(): void {
    if (this.#state === "told") return;
    this.#state = "told";
    this.#habit.began(this.#calls);
  }

  over(): void {
    this.sent();
  }
}

/** The host has asked ahead: answers are there for as long as the handler calls as expected. */
class PlayedPrefetch implements EventPrefetch {
  readonly #habit: Habit;
  readonly #asked: readonly PrefetchedAnswer[];
  #taken = 0;
  #isAsExpected = true;

  constructor(habit: Habit, asked: readonly PrefetchedAnswer[]) {
    this.#habit = habit;
    this.#asked = asked;
  }

  answerTo(call: Buffer): PrefetchedAnswer | undefined {
    if (!this.#isAsExpected) return undefined;
    const asked = this.#asked[this.#taken];
    // Any other call, such as one that changes what is read, makes what was read before it old.
    this.#isAsExpected = asked?.ask.equals(call) === true;
    if (!this.#isAsExpected) return undefined;
    this.#taken += 1;
    return asked;
  }

  sent(): void {
    // What is sent was not expected, or comes after all that was.
  }

  over(): void {
    if (this.#taken < this.#asked.length) this.#habit.missed(this.#asked.map(({ ask }) => ask));
  }
}
