// Owns the closed loop of one connection: the next phase starts when the last one is over, until there is to be no other.
import { performance } from "node:perf_hooks";

export interface PhaseObserver {
  /** The instance that the next phase is for. */
  nextInstance(): number;
  /** A phase is over; false where no other is to follow. Times in milliseconds. */
  onPhase(started: number, ended: number): boolean;
  onFailure(error: Error): void;
}

export class PhaseLoop {
  readonly #observer: PhaseObserver;
  readonly #begin: (instanceId: number) => void;
  #state: "idle" | "running" | "closed" = "idle";
  #started = 0;
  #whenIdle: () => void = () => {};

  /** `begin` sends the first message of a phase. */
  constructor(observer: PhaseObserver, begin: (instanceId: number) => void) {
    this.#observer = observer;
    this.#begin = begin;
  }

  get isRunning(): boolean {
    return this.#state === "running";
  }

  start(): void {
    this.#state = "running";
    this.#started = performance.now();
    this.#begin(this.#observer.nextInstance());
  }

  /** The last message of a phase has come. */
  phaseOver(): void {
    if (this.#observer.onPhase(this.#started, performance.now())) return this.start();
    this.#state = "idle";
    this.#whenIdle();
  }

  /** Resolves when no phase runs: after the one for which the observer wanted no other. */
  idle(): Promise<void> {
    return this.isRunning ? new Promise((resolve) => (this.#whenIdle = resolve)) : Promise.resolve();
  }

  close(): void {
    this.#state = "closed";
  }

  /** Once it is closed, nothing is a failure any more. */
  fail(error: Error): void {
    if (this.#state === "closed") return;
    this.close();
    this.#observer.onFailure(error);
  }
}
