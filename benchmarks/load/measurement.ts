// Owns what is counted in one run: when the warm-up is over, the latencies, and what the processes used meanwhile.
import { cpuSeconds, machineSeconds, processTree, residentBytes, sleeps } from "./cpu-time.js";

/** Times in milliseconds. */
export interface MeasurementLimits {
  readonly warmUp: number;
  readonly duration: number;
  /** As many phases warm up at least, and are measured at least, however long they take. */
  readonly minWarmUpPhases: number;
  readonly minPhases: number;
}

/** What one run showed. Latencies in milliseconds. */
export interface RunResult {
  readonly phases: number;
  readonly phasesPerSecond: number;
  readonly callsPerSecond: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  /** Microseconds of CPU that the server used for each phase. */
  readonly cpuPerPhase: number;
  /** How often a thread of the server had to be woken for each phase. */
  readonly wakeUpsPerPhase: number;
  readonly memory: number;
  /** Shares of one processor. */
  readonly generatorCpu: number;
  readonly serverCpu: number;
  readonly otherCpu: number;
}

interface Usage {
  readonly server: number;
  readonly generator: number;
  readonly machine: number;
  readonly sleeps: number;
}

const MICRO = 1e6;

export class Measurement {
  readonly #limits: MeasurementLimits;
  readonly #server: readonly number[];
  readonly #latencies: number[] = [];
  #state: "warming" | "measuring" | "over" = "warming";
  #warmPhases = 0;
  #from = 0;
  #to = 0;
  #begun: Usage | undefined;
  #ended: Usage | undefined;

  constructor(serverPid: number, limits: MeasurementLimits) {
    this.#limits = limits;
    this.#server = processTree(serverPid);
    this.#from = performance.now() + limits.warmUp;
  }

  /** A phase is over. False when enough is measured. */
  phase(started: number, ended: number): boolean {
    if (this.#state === "warming") {
      this.#warmPhases += 1;
      // It begins with the end of a phase and ends with another: no fraction of one is lost.
      if (ended >= this.#from && this.#warmPhases >= this.#limits.minWarmUpPhases) this.#begin();
    } else if (this.#state === "measuring") {
      this.#latencies.push(ended - started);
      if (ended - this.#from >= this.#limits.duration && this.#latencies.length >= this.#limits.minPhases) this.#end(ended);
    }
    return this.#state !== "over";
  }

  get isOver(): boolean {
    return this.#state === "over";
  }

  result(callsPerPhase: number): RunResult {
    if (this.#begun === undefined || this.#ended === undefined) throw new Error("nothing was measured");
    const seconds = (this.#to - this.#from) / 1000;
    const sorted = Float64Array.from(this.#latencies).sort();
    const phases = sorted.length;
    const at = (share: number): number => sorted[Math.min(phases - 1, Math.floor(phases * share))] ?? 0;
    const server = this.#ended.server - this.#begun.server;
    const generator = this.#ended.generator - this.#begun.generator;
    const machine = this.#ended.machine - this.#begun.machine;
    return {
      phases,
      phasesPerSecond: phases / seconds,
      callsPerSecond: (phases / seconds) * callsPerPhase,
      p50: at(0.5),
      p90: at(0.9),
      p99: at(0.99),
      p999: at(0.999),
      max: sorted[phases - 1] ?? 0,
      cpuPerPhase: (server / phases) * MICRO,
      wakeUpsPerPhase: (this.#ended.sleeps - this.#begun.sleeps) / phases,
      memory: residentBytes(this.#server),
      generatorCpu: generator / seconds,
      serverCpu: server / seconds,
      otherCpu: Math.max(0, machine - server - generator) / seconds,
    };
  }

  #begin(): void {
    this.#state = "measuring";
    this.#begun = this.#usage();
    this.#from = performance.now();
  }

  #end(ended: number): void {
    this.#state = "over";
    this.#to = ended;
    this.#ended = this.#usage();
  }

  #usage(): Usage {
    const { user, system } = process.cpuUsage();
    return {
      server: cpuSeconds(this.#server),
      generator: (user + system) / MICRO,
      machine: machineSeconds(),
      sleeps: sleeps(this.#server),
    };
  }
}
