// Knows which refused calls of an event nobody has caught: it must not go on as if they had been made.
import timers from "node:timers";

/** Taken before a test can replace it. */
const { setImmediate: soon } = timers;

/** Node.js has told of every rejection that nobody handles by then. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => void soon(resolve));

/** Enough to name one that nobody has caught; a loop may make millions. */
const MAX_NOTED = 32;
const MAX_CAUSES = 5;

const ignore = (): void => {};

/** A promise that knows whether anybody has looked at what comes of it. */
export class WatchedPromise<T> extends Promise<T> {
  #isTaken = false;

  /** What is made of it by `then` is an ordinary promise: Node.js tells where that is left alone. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  get isTaken(): boolean {
    return this.#isTaken;
  }

  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#isTaken = true;
    return super.then(onFulfilled, onRejected);
  }

  /** Its owner watches it: a rejection that nobody takes is not one for the process. */
  watch(): void {
    super.then(undefined, ignore);
  }
}

interface Noted {
  readonly promise: WatchedPromise<unknown>;
  readonly error: Error;
}

const ownerOf = new WeakMap<object, Refusals>();
const ownerOfFloating = new WeakMap<Promise<unknown>, Refusals>();

/** The refused calls of one event. */
export class Refusals {
  readonly #noted: Noted[] = [];
  readonly #floating = new Map<Promise<unknown>, unknown>();
  #thrown: unknown;

  /** The error of a refused call: it is this event's, in whichever promise it turns up. */
  own<E extends Error>(error: E): E {
    ownerOf.set(error, this);
    return error;
  }

  /** What came of a refused call, whose error this is. */
  note(promise: WatchedPromise<unknown>, error: Error): void {
    promise.watch();
    this.own(error);
    if (this.#noted.length >= MAX_NOTED) this.#forgetTaken();
    if (this.#noted.length < MAX_NOTED) this.#noted.push({ promise, error });
  }

  /** The error that nobody has caught, where there is one. */
  async uncaught(): Promise<unknown> {
    await nextTurn();
    const untaken = this.#noted.find(({ promise }) => !promise.isTaken)?.error;
    const [floating] = this.#floating.values();
    return untaken ?? this.#thrown ?? floating;
  }

  #forgetTaken(): void {
    const untaken = this.#noted.filter(({ promise }) => !promise.isTaken);
    this.#noted.splice(0, this.#noted.length, ...untaken);
  }

  float(promise: Promise<unknown>, reason: unknown): void {
    this.#floating.set(promise, reason);
    ownerOfFloating.set(promise, this);
  }

  land(promise: Promise<unknown>): void {
    this.#floating.delete(promise);
  }

  throw(error: unknown): void {
    this.#thrown ??= error;
  }
}

/** Whose refused call this is about: itself, what it is the cause of, or one of several. */
function ownerOfError(thrown: unknown, depth = 0): Refusals | undefined {
  if (typeof thrown !== "object" || thrown === null || depth > MAX_CAUSES) return undefined;
  const owner = ownerOf.get(thrown);
  if (owner !== undefined || !(thrown instanceof Error)) return owner;
  const parts: unknown[] = thrown instanceof AggregateError ? thrown.errors.slice(0, MAX_NOTED) : [thrown.cause];
  return parts.map((part) => ownerOfError(part, depth + 1)).find((found) => found !== undefined);
}

/** Nobody handles this rejection. Says whether it comes of a refused call. */
export function rejectionFloats(promise: Promise<unknown>, reason: unknown): boolean {
  const owner = ownerOfError(reason);
  owner?.float(promise, reason);
  return owner !== undefined;
}

/** Somebody handles it after all. */
export function rejectionLands(promise: Promise<unknown>): void {
  ownerOfFloating.get(promise)?.land(promise);
}

/** Nobody caught what was thrown outside of promises. */
export function exceptionEscapes(thrown: unknown): void {
  ownerOfError(thrown)?.throw(thrown);
}
