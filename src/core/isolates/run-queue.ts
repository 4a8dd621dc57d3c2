// Reads how long a thread was ready to run and had no processor: other programs take that time, not the thread.
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";

const NANOSECONDS = 1e6;

export class RunQueue {
  readonly #folder: string;
  #last = { text: "", at: 0 };

  /** `thread` as the system names it below /proc: `PID/task/TID`. */
  constructor(thread: string) {
    this.#folder = `/proc/${thread}`;
  }

  /** Milliseconds since the thread began; 0 where the system does not tell. */
  waited(): number {
    const now = performance.now();
    try {
      const text = readFileSync(`${this.#folder}/schedstat`, "latin1");
      const [, queued] = text.split(" ");
      const waited = Number(queued) / NANOSECONDS;
      if (!Number.isFinite(waited)) return 0;
      // The system adds a wait when it ends: one that goes on shows in a thread that is ready and has not run since the last look.
      if (text === this.#last.text && this.#isReady()) return waited + now - this.#last.at;
      this.#last = { text, at: now };
      return waited;
    } catch {
      // The thread has ended, or the system does not tell.
      return 0;
    }
  }

  #isReady(): boolean {
    const stat = readFileSync(`${this.#folder}/stat`, "latin1");
    // Behind the name, which may contain anything.
    return stat.startsWith("R", stat.lastIndexOf(")") + 2);
  }
}
