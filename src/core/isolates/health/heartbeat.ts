// Watches one isolate for signs of life while it has work, and says when it gives none.
import { performance } from "node:perf_hooks";

export interface HeartbeatOptions {
  /** How long a busy isolate may be silent, in milliseconds. */
  readonly stallTimeout: number;
  /** How long its module may take to load. */
  readonly loadTimeout: number;
  readonly ping: () => void;
  /** Milliseconds, since it began, in which its thread was ready to run and had no processor. */
  readonly waited: () => number;
  readonly onStall: (silence: number) => void;
}

const CHECKS_PER_STALL = 5;
/** After a deadline has passed in it, an isolate is asked for a sign of life at once, and given this long. */
const PROBE_TIMEOUT = 500;
/** An isolate that waits for a processor for this part of the time is starved. */
const STARVED = 0.25;
/** Milliseconds: what is seen in less says nothing. */
const SHORTEST_LOOK = 20;

interface Look {
  readonly at: number;
  readonly waited: number;
}

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #limit: number;
  /** When the ping was sent, or the load began, that is still unanswered, and how long its thread had waited until then. */
  #waitingSince: Look | undefined;
  #lastLook: Look;
  #starvedAt = -Infinity;
  /** What it was asked for and is busy with, and until when it may be, in the milliseconds of `performance.now`. */
  readonly #excuses = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #state: "busy" | "idle" = "idle";
  /** Whether there was work since the last ping: an isolate is weighed after short events too. */
  #worked = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#limit = options.loadTimeout;
    this.#waitingSince = { at: performance.now(), waited: 0 };
    this.#lastLook = this.#waitingSince;
    this.#schedule();
  }

  /** Whether what is sent now is certainly unread should the isolate be found stalled. */
  get isWaiting(): boolean {
    return this.#waitingSince !== undefined;
  }

  /** It is about to be busy with something on request, for so many milliseconds or as long as a module may take to load. */
  excuse(what: string, longest = this.#options.loadTimeout): void {
    this.#excuses.set(what, performance.now() + longest);
  }

  /** It has done what it was excused for. */
  demand(what: string): void {
    this.#excuses.delete(what);
    if (this.#waitingSince !== undefined) this.#waitingSince = this.#look();
  }

  /** The isolate gave a sign of life. */
  heard(): void {
    this.#waitingSince = undefined;
  }

  /** There is work: watch. */
  watch(): void {
    this.#state = "busy";
    this.#worked = true;
    if (this.#timer !== undefined) return;
    this.#look();
    this.#schedule();
  }

  /** A deadline has passed in it: find out soon whether it still answers. */
  probe(): void {
    const since = this.#waitingSince ?? this.#ping(this.#options.stallTimeout);
    this.#limit = Math.min(this.#limit, this.#silence(since) + PROBE_TIMEOUT);
    this.#schedule();
  }

  /** No work: after one ping more there is no timer. */
  rest(): void {
    this.#state = "idle";
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Whether its thread had too little of the processors lately: what it did not do in time says nothing about it then. */
  wasStarved(): boolean {
    return this.#look().at - this.#starvedAt < this.#options.stallTimeout;
  }

  #isExcused(): boolean {
    if (this.#excuses.size === 0) return false;
    const now = performance.now();
    return [...this.#excuses.values()].some((until) => now < until);
  }

  #ping(limit: number): Look {
    this.#worked = this.#state === "busy";
    this.#waitingSince = this.#look();
    this.#limit = limit;
    this.#options.ping();
    return this.#waitingSince;
  }

  #look(): Look {
    const look = { at: performance.now(), waited: this.#options.waited() };
    const time = look.at - this.#lastLook.at;
    if (time < SHORTEST_LOOK) return look;
    if (look.waited - this.#lastLook.waited >= time * STARVED) this.#starvedAt = look.at;
    this.#lastLook = look;
    return look;
  }

  /** Milliseconds that it had a processor, or wanted none, and gave no sign of life. */
  #silence(since: Look): number {
    const { at, waited } = this.#look();
    return at - since.at - Math.max(0, waited - since.waited);
  }

  #schedule(): void {
    const interval = Math.min(this.#limit, this.#options.stallTimeout) / CHECKS_PER_STALL;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#check(), interval).unref();
  }

  #check(): void {
    const isIdle = this.#waitingSince === undefined && !this.#worked;
    if (isIdle) return this.stop();
    const since = this.#waitingSince ?? this.#ping(this.#options.stallTimeout);
    // The look costs more than the clock.
    const isLate = performance.now() - since.at >= this.#limit && !this.#isExcused();
    const silence = isLate ? this.#silence(since) : 0;
    if (silence < this.#limit) return this.#schedule();
    // This thread may have been late itself: what came meanwhile is read before the immediates.
    setImmediate(() => this.#declare(since, silence));
  }

  #declare(since: Look, silence: number): void {
    if (this.#timer === undefined) return;
    if (this.#waitingSince !== since) return this.#schedule();
    this.stop();
    this.#options.onStall(silence);
  }
}
