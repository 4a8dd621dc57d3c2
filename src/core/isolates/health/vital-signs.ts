// Watches one isolate from outside: that it answers while it has work, and how much memory it holds.
import type { HostMessage } from "../../channel/index.js";
import { systemTime } from "../../telemetry/index.js";
import { Diagnoses } from "../diagnoses.js";
import { Heartbeat } from "./heartbeat.js";
import type { IsolateLimits } from "../isolate-options.js";
import { MemoryWatch } from "./memory-watch.js";
import { RunQueue } from "../run-queue.js";

/** As long as a timer can take, in milliseconds: 24 days. */
const FOREVER = 2 ** 31 - 1;

export interface VitalSignsOptions {
  readonly limits: Pick<IsolateLimits, "stallTimeout" | "loadTimeout" | "memory">;
  /** It may stand at a breakpoint: nothing that it does not do in time is held against it. */
  readonly isInspected: boolean;
  /** It has work at any time, whether it was sent some or not. */
  readonly isAlwaysBusy: boolean;
  readonly send: (message: HostMessage) => void;
  /** It has been silent for so long, in milliseconds. */
  readonly onStall: (silence: number) => void;
  /** It holds this many bytes, which is near its limit. */
  readonly onHeavy: (memory: number) => void;
}

export class VitalSigns {
  readonly #options: VitalSignsOptions;
  readonly #heartbeat: Heartbeat;
  readonly #memory: MemoryWatch;
  /** What it finds out about itself on request: it is busy with that, and not stalled. */
  readonly diagnoses: Diagnoses;
  /** Tells how long its thread had no processor. */
  #runQueue: RunQueue | undefined;

  constructor(options: VitalSignsOptions) {
    this.#options = options;
    const { limits, isInspected, send, onStall, onHeavy } = options;
    this.#heartbeat = new Heartbeat({
      stallTimeout: isInspected ? FOREVER : limits.stallTimeout,
      loadTimeout: isInspected ? FOREVER : limits.loadTimeout,
      ping: () => send({ kind: "ping", sentAt: systemTime() }),
      waited: () => this.#runQueue?.waited() ?? 0,
      onStall,
    });
    this.diagnoses = new Diagnoses({
      send,
      onBegin: (longest) => this.#heartbeat.excuse("diagnosis", longest),
      onEnd: () => this.#heartbeat.demand("diagnosis"),
    });
    this.#memory = new MemoryWatch({
      cap: isInspected ? Infinity : limits.memory,
      weigh: () => {
        // A collection stops it, on a busy machine for longer than it may be silent.
        this.#heartbeat.excuse("weighing");
        send({ kind: "weigh" });
      },
      onHeavy,
    });
  }

  /** Whether what is sent now is certainly unread should the isolate be found stalled. */
  get isWaiting(): boolean {
    return this.#heartbeat.isWaiting;
  }

  /** In which thread it runs. Told before plugin code runs: what comes later is not from us. */
  runsIn(thread: string): void {
    this.#runQueue ??= new RunQueue(thread);
  }

  /** Whether its thread had too little of the processors lately: what it did not do in time says nothing about it then. */
  get wasStarved(): boolean {
    return this.#heartbeat.wasStarved();
  }

  /** It has work. */
  busy(): void {
    this.#heartbeat.watch();
  }

  /** It has nothing to do that it was sent. */
  idle(): void {
    if (!this.#options.isAlwaysBusy) this.#heartbeat.rest();
  }

  /** Its module is loaded. */
  ready(): void {
    this.#heartbeat.heard();
    if (this.#options.isAlwaysBusy) this.#heartbeat.watch();
  }

  /** It answered, and uses this many bytes, garbage included. */
  pong(memory: number): void {
    this.#heartbeat.heard();
    this.#memory.used(memory);
  }

  /** It has collected its garbage, and these bytes are left. */
  weighed(memory: number): void {
    this.#heartbeat.demand("weighing");
    this.#memory.weighed(memory);
  }

  /** A deadline has passed in it: find out soon whether it still answers. */
  probe(): void {
    if (!this.#options.isInspected) this.#heartbeat.probe();
  }

  stop(): void {
    this.#heartbeat.stop();
  }
}
