// Owns all that one server counts of itself, for all of its gateways, and gives it as one set of figures. It exports nothing.
import { performance } from "node:perf_hooks";
import { type CountersListener, CountersUplink } from "./counters-uplink.js";
import type { BundleFigures, ServerFigures } from "./figures.js";
import { GatewayTelemetry } from "./gateway-telemetry.js";
import type { ServedSample } from "./isolate-sample.js";
import { processFigures } from "./process-figures.js";
import { sumOfDeaths } from "./served-totals.js";
import { Traces } from "./traces/traces.js";

export interface TelemetryOptions {
  /** The server's own version. */
  readonly version?: string;
  /** How many lines of the log nobody read in time. */
  readonly droppedLogLines?: () => number;
  /** In an isolate: its host hears of each memory in which calls are counted, and keeps what is there. */
  readonly host?: CountersListener;
}

/** Milliseconds that isolates have to answer: those that are busy for longer are told of as they were. */
const PATIENCE = 250;
/** Of a timer by which the main thread's event loop is looked at. */
const LOOK = 2;
const MILLISECONDS = 1000;

export class Telemetry {
  readonly #options: TelemetryOptions;
  readonly #gateways = new Map<string, GatewayTelemetry>();
  readonly #uplink: CountersUplink | undefined;
  #droppedLogLines: () => number;
  #traces: Traces | undefined;
  #bundles: (() => BundleFigures) | undefined;
  #delay: number | undefined;
  #maxDelay: number | undefined;

  constructor(options: TelemetryOptions = {}) {
    this.#options = options;
    this.#droppedLogLines = options.droppedLogLines ?? (() => 0);
    this.#uplink = options.host === undefined ? undefined : new CountersUplink(options.host);
  }

  /** What is counted for one gateway, by the name that figures give it. */
  gateway(name: string): GatewayTelemetry {
    let gateway = this.#gateways.get(name);
    if (gateway === undefined) this.#gateways.set(name, (gateway = new GatewayTelemetry(name, this.#uplink, () => this.#traces)));
    return gateway;
  }

  /** Calls are recorded in traces from now on: those whose parent is, and of those without one the part `ratio`. May be called once. */
  traceCalls(ratio: number): Traces {
    return (this.#traces ??= new Traces(ratio));
  }

  /** Undefined where no calls are traced. */
  get traces(): Traces | undefined {
    return this.#traces;
  }

  /** Where the number of log lines comes from that nobody read in time. */
  countDroppedLines(count: () => number): void {
    this.#droppedLogLines = count;
  }

  /** Where it is known which bundles the plugins are from. */
  tellBundles(figures: () => BundleFigures): void {
    this.#bundles = figures;
  }

  /**
   * What is known at this moment. It reads counters and asks nobody: see {@link refresh} for what isolates say of themselves.
   * @example
   * const { functions } = engine.telemetry.snapshot();
   * const failed = functions.filter(({ failures }) => failures.threw > 0).map(({ plugin }) => plugin);
   */
  snapshot(): ServerFigures {
    const gateways = [...this.#gateways.values()];
    const droppedInIsolates = gateways.reduce((sum, { served }) => sum + served.droppedLogLines, 0);
    return {
      at: Date.now(),
      process: {
        ...processFigures(),
        version: this.#options.version ?? "",
        droppedLogLines: this.#droppedLogLines() + droppedInIsolates,
        tracedCalls: this.#traces?.recorded,
        droppedSpans: this.#traces?.dropped,
        eventLoopDelay: this.#delay,
        maxEventLoopDelay: this.#maxDelay,
      },
      gateways: gateways.map((gateway) => gateway.figures()),
      plugins: gateways.flatMap((gateway) => gateway.plugins()),
      functions: gateways.flatMap((gateway) => gateway.functions()),
      isolates: gateways.flatMap((gateway) => gateway.isolates()),
      bundles: this.#bundles?.(),
    };
  }

  /**
   * Asks the isolates what they hold now, and looks at the main thread's event loop. Resolves when all have said so, or when those
   * that are busy have had `patience` milliseconds.
   */
  async refresh(patience = PATIENCE): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const answered = Promise.all([...this.#gateways.values()].map((gateway) => gateway.refresh()));
    await Promise.race([
      Promise.all([answered, this.#lookAtLoop()]),
      new Promise((resolve) => (timer = setTimeout(resolve, patience))),
    ]);
    clearTimeout(timer);
  }

  /** What an isolate with a socket of its own tells its host. */
  sample(): ServedSample {
    const { gateways, isolates, process } = this.snapshot();
    const lives = [...this.#gateways.values()].flatMap((gateway) => gateway.lives());
    const total = <Item>(items: readonly Item[], value: (item: Item) => number): number =>
      items.reduce((sum, item) => sum + value(item), 0);
    return {
      connections: total(gateways, ({ connections }) => connections),
      acceptedConnections: total(gateways, ({ acceptedConnections }) => acceptedConnections),
      refusedConnections: total(gateways, ({ refusedConnections }) => refusedConnections),
      droppedLogLines: process.droppedLogLines,
      starts: total(lives, ({ starts }) => starts),
      deaths: sumOfDeaths(lives.map(({ deaths }) => deaths)),
      recycles: total(lives, ({ recycles }) => recycles),
      // The first place is that of the isolate itself.
      isolates: isolates.map((isolate) => ({ ...isolate, slot: isolate.slot + 1 })),
    };
  }

  async #lookAtLoop(): Promise<void> {
    const due = performance.now() + LOOK;
    await new Promise((resolve) => setTimeout(resolve, LOOK));
    this.#delay = Math.max(0, performance.now() - due) / MILLISECONDS;
    this.#maxDelay = Math.max(this.#maxDelay ?? 0, this.#delay);
  }
}
