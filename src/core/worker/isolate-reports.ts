// Says to the host what this isolate holds, and hands up what the server counts that it may be itself.
import v8 from "node:v8";
import type { BatchingPort, IsolateMessage } from "../channel/index.js";
import { type IsolateVitals, type PluginCounters, systemTime, Telemetry, type Traces } from "../telemetry/index.js";
import { memoryInUse } from "./live-memory.js";

export interface IsolateReportsOptions {
  /** It serves a socket of its own, and counts its calls itself. */
  readonly hasOwnSocket: boolean;
  /** A thread counts in memory that its host reads; of a process the host gets copies. */
  readonly sharesMemory: boolean;
}

/** Milliseconds between two copies: as much is lost where a process is killed. */
const COPY = 100;
/** Milliseconds that its own isolates have to answer, so that the host does not give up waiting for this one. */
const PATIENCE = 100;
/** Milliseconds between two looks for calls that are recorded in traces. */
const TRACES = 200;
/** Of one message. */
const MAX_TRACED = 1000;

export class IsolateReports {
  readonly telemetry: Telemetry;
  readonly #port: BatchingPort<IsolateMessage>;
  readonly #options: IsolateReportsOptions;
  /** With what was last told of each. */
  readonly #copied = new Map<number, { readonly counters: PluginCounters; revision: number }>();
  #timer: NodeJS.Timeout | undefined;
  #tracesTimer: NodeJS.Timeout | undefined;
  #droppedSpans = 0;

  constructor(port: BatchingPort<IsolateMessage>, options: IsolateReportsOptions) {
    this.#port = port;
    this.#options = options;
    this.telemetry = new Telemetry({
      host: {
        counting: (id, counters) => this.#counting(id, counters),
        counted: (id) => this.#counted(id),
      },
    });
  }

  pong(sentAt: number, broken: string | undefined): void {
    this.#port.control({ kind: "pong", memory: memoryInUse(), vitals: vitals(sentAt), broken });
  }

  weighed(memory: number): void {
    this.#port.control({ kind: "weighed", memory });
  }

  diagnosed(id: number, problem: string | undefined): void {
    this.#port.control({ kind: "diagnosed", id, problem });
  }

  sample(sentAt: number): void {
    const own = vitals(sentAt);
    if (!this.#options.hasOwnSocket) return this.#port.control({ kind: "sampled", vitals: own });
    this.telemetry.refresh(PATIENCE).then(
      () => this.#tell(own),
      () => {},
    );
  }

  /** The server that it is itself records calls: they go up in parts, since only the host has a collector. */
  passTraces(traces: Traces): void {
    this.#tracesTimer ??= setInterval(() => this.#traced(traces), TRACES).unref();
  }

  #traced(traces: Traces): void {
    const dropped = traces.dropped - this.#droppedSpans;
    if (traces.waiting === 0 && dropped === 0) return;
    this.#droppedSpans = traces.dropped;
    this.#port.control({ kind: "traced", calls: traces.take(MAX_TRACED), dropped });
  }

  /** The last that is told. */
  end(): void {
    clearInterval(this.#timer);
    clearInterval(this.#tracesTimer);
    const { traces } = this.telemetry;
    while (traces !== undefined && traces.waiting > 0) this.#traced(traces);
    if (this.#options.hasOwnSocket) this.#tell(vitals(systemTime()));
  }

  #tell(own: IsolateVitals): void {
    this.#copy();
    this.#port.control({ kind: "sampled", vitals: own, server: this.telemetry.sample() });
  }

  #counting(id: number, counters: PluginCounters): void {
    const { functions, memory } = counters;
    if (this.#options.sharesMemory && memory instanceof SharedArrayBuffer)
      return this.#port.control({ kind: "counting", id, functions, memory });
    this.#copied.set(id, { counters, revision: -1 });
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#copy(), COPY).unref();
    // Where plugin code ends the process, nothing is lost.
    process.on("exit", () => this.#copy());
  }

  #counted(id: number): void {
    this.#copy();
    this.#copied.delete(id);
    this.#port.control({ kind: "counted", id });
  }

  #copy(): void {
    for (const [id, copied] of this.#copied) {
      const { functions, memory, revision } = copied.counters;
      if (revision === copied.revision) continue;
      copied.revision = revision;
      this.#port.control({ kind: "counting", id, functions, memory: Uint8Array.from(new Uint8Array(memory)) });
    }
  }
}

function vitals(sentAt: number): IsolateVitals {
  const { used_heap_size: heap, external_memory: external } = v8.getHeapStatistics();
  return { heap, external, delay: Math.max(0, systemTime() - sentAt) };
}
