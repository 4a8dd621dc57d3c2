// Holds what one gateway's server counts: its connections, and its plugins by name.
import type { CallCounters } from "./call-counters.js";
import type { CountersUplink } from "./counters-uplink.js";
import type { FunctionFigures, GatewayFigures, IsolateFigures, PluginFigures } from "./figures.js";
import type { Traces } from "./traces/traces.js";
import { type ServedTotals, sumOfServed } from "./served-totals.js";
import { type BindingCounts, PluginTelemetry, type ServedCode } from "./plugin-telemetry.js";

const NO_BINDINGS: BindingCounts = { living: 0, sleeping: 0 };

export class GatewayTelemetry {
  readonly gateway: string;
  readonly #uplink: CountersUplink | undefined;
  readonly #traces: () => Traces | undefined;
  readonly #plugins = new Map<string, PluginTelemetry>();
  /** Calls of plugins that are not served: their names come from clients. */
  readonly #unserved: PluginTelemetry;
  #countBindings: () => ReadonlyMap<string, BindingCounts> = () => new Map();
  #connections = 0;
  #accepted = 0;
  #refused = 0;

  constructor(gateway: string, uplink?: CountersUplink, traces: () => Traces | undefined = () => undefined) {
    this.gateway = gateway;
    this.#uplink = uplink;
    this.#traces = traces;
    this.#unserved = new PluginTelemetry(gateway, "", { version: "", functions: [], loaded: 0 }, uplink, traces);
  }

  /** Where it is known how many bindings each plugin has that has any. */
  countBindings(count: () => ReadonlyMap<string, BindingCounts>): void {
    this.#countBindings = count;
  }

  /** A plugin is served with this code from now on. */
  serves(plugin: string, code: ServedCode): PluginTelemetry {
    const known = this.#plugins.get(plugin);
    if (known !== undefined) {
      known.reloaded(code);
      return known;
    }
    const added = new PluginTelemetry(this.gateway, plugin, code, this.#uplink, this.#traces);
    this.#plugins.set(plugin, added);
    return added;
  }

  /** Only these plugins are served from now on: what was counted of others is forgotten. */
  keep(plugins: readonly string[]): void {
    const kept = new Set(plugins);
    for (const plugin of this.#plugins.keys()) if (!kept.has(plugin)) this.#plugins.delete(plugin);
  }

  plugin(name: string): PluginTelemetry {
    return this.#plugins.get(name) ?? this.#unserved;
  }

  /** Where calls of a function are counted. */
  countersOf(plugin: string, functionName: string): CallCounters {
    return this.plugin(plugin).of(functionName);
  }

  connectionOpened(): void {
    this.#connections += 1;
    this.#accepted += 1;
  }

  connectionClosed(): void {
    this.#connections -= 1;
  }

  connectionsRefused(count = 1): void {
    this.#refused += count;
  }

  figures(): GatewayFigures {
    const { served } = this;
    return {
      gateway: this.gateway,
      connections: this.#connections + served.connections,
      acceptedConnections: this.#accepted + served.acceptedConnections,
      refusedConnections: this.#refused + served.refusedConnections,
    };
  }

  /** What isolates with sockets of their own have told of them. */
  get served(): ServedTotals {
    return sumOfServed(this.#all().map(({ served }) => served));
  }

  /** Asks the isolates what they hold now. */
  async refresh(): Promise<void> {
    await Promise.all(this.#all().map((plugin) => plugin.refresh()));
  }

  plugins(): PluginFigures[] {
    const bindings = this.#countBindings();
    return [...this.#plugins.values()].map((plugin) => plugin.figures(bindings.get(plugin.plugin) ?? NO_BINDINGS));
  }

  /** Calls of plugins that are not served are told of where there were any. */
  functions(): FunctionFigures[] {
    const unserved = this.#unserved.functions().filter(({ calls, running }) => calls + running > 0);
    return [...[...this.#plugins.values()].flatMap((plugin) => plugin.functions()), ...unserved];
  }

  isolates(): IsolateFigures[] {
    return this.#all().flatMap((plugin) => plugin.isolates());
  }

  /** Starts, deaths and replacements of all isolates, also of those that were started before their plugin was served. */
  lives(): Pick<PluginFigures, "starts" | "deaths" | "recycles">[] {
    return this.#all().map((plugin) => plugin.figures(NO_BINDINGS));
  }

  #all(): PluginTelemetry[] {
    return [...this.#plugins.values(), this.#unserved];
  }
}
