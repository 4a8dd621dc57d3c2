// Watches one isolate for signs of life while it has work, and says when it gives none.
import { performance } from "node:perf_hooks";

export interface HeartbeatOptions {
  /** How long a busy isolate may be silent, in milliseconds. */
  readonly stallTimeout: number;
  /** How long its module may take to load. */
  readonly loadTimeout: number;
  readonly ping: () => void;
  readonly onStall: (silence: number) => void;
}

const CHECKS_PER_STALL = 5;
/** After a deadline has passed in it, an isolate is asked for a sign of life at once, and given this long. */
const PROBE_TIMEOUT = 500;

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #limit: number;
  /** When the ping was sent, or the load began, that is still unanswered. */
  #waitingSince: number | undefined;
  /** Since when it is busy with what it was asked for. */
  #excusedSince: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #state: "busy" | "idle" = "idle";
  /** Whether there was work since the last ping: an isolate is weighed after short events too. */
  #worked = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#limit = options.loadTimeout;
    this.#waitingSince = performance.now();
    this.#schedule();
  }

  /** Whether what is sent now is certainly unread should the isolate be found stalled. */
  get isWaiting(): boolean {
    return this.#waitingSince !== undefined;
  }

  /** It is about to be busy on request, for as long as a module may take to load. */
  excuse(): void {
    this.#excusedSince = performance.now();
  }

  /** It has done what it was excused for. */
  demand(): void {
    this.#excusedSince = undefined;
    if (this.#waitingSince !== undefined) this.#waitingSince = performance.now();
  }

  /** The isolate gave a sign of life. */
  heard(): void {
    this.#waitingSince = undefined;
  }

  /** There is work: watch. */
  watch(): void {
    this.#state = "busy";
    this.#worked = true;
    if (this.#timer === undefined) this.#schedule();
  }

  /** A deadline has passed in it: find out soon whether it still answers. */
  probe(): void {
    if (this.#waitingSince === undefined) this.#ping(this.#options.stallTimeout);
    const silence = performance.now() - (this.#waitingSince ?? 0);
    this.#limit = Math.min(this.#limit, silence + PROBE_TIMEOUT);
    clearTimeout(this.#timer);
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

  #isExcused(): boolean {
    return this.#excusedSince !== undefined && performance.now() - this.#excusedSince < this.#options.loadTimeout;
  }

  #ping(limit: number): void {
    this.#worked = this.#state === "busy";
    this.#waitingSince = performance.now();
    this.#limit = limit;
    this.#options.ping();
  }

  #schedule(): void {
    const interval = Math.min(this.#limit, this.#options.stallTimeout) / CHECKS_PER_STALL;
    this.#timer = setTimeout(() => this.#check(), interval).unref();
  }

  #check(): void {
    if (this.#waitingSince === undefined) {
      if (!this.#worked) return this.stop();
      this.#ping(this.#options.stallTimeout);
    }
    const silence = performance.now() - (this.#waitingSince ?? 0);
    if (silence >= this.#limit && !this.#isExcused()) {
      this.stop();
      this.#options.onStall(silence);
    } else this.#schedule();
  }
}
