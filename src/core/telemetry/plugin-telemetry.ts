// Holds what is counted of one plugin of one gateway, whatever generation of it runs and in whichever isolates.
import { type CallCounters, type CountedCalls, OTHER_FUNCTION, PluginCounters } from "./call-counters.js";
import {
  DEATH_REASONS,
  type DeathReason,
  type ErrorFigures,
  FAILURE_REASONS,
  type FunctionFigures,
  type IsolateFigures,
  type PluginFigures,
} from "./figures.js";
import { mergeHistograms } from "./histogram.js";
import type { CountersUplink } from "./counters-uplink.js";
import type { ServedSample } from "./isolate-sample.js";
import { type IsolateObserver, type IsolatePlace, IsolateTelemetry } from "./isolate-telemetry.js";
import type { TracedCall } from "./traces/traced-call.js";
import type { Traces } from "./traces/traces.js";
import { NOTHING_SERVED, sumOfDeaths, sumOfServed } from "./served-totals.js";

/** What is known of the code that is served. */
export interface ServedCode {
  readonly version: string;
  readonly functions: readonly string[];
  /** Unix time in seconds. */
  readonly loaded: number;
}

/** Living and sleeping. */
export interface BindingCounts {
  readonly living: number;
  readonly sleeping: number;
}

/** Errors that are remembered of each plugin. */
const MAX_ERRORS = 10;
const MAX_MESSAGE = 500;
const MILLISECONDS = 1000;

export class PluginTelemetry implements IsolateObserver {
  readonly gateway: string;
  readonly plugin: string;
  /** What this thread counts, and what isolates that are gone have counted. */
  readonly #sources: PluginCounters[] = [];
  readonly #byName = new Map<string, CallCounters>();
  readonly #isolates = new Set<IsolateTelemetry>();
  /** Where there is a host that sums everything, it keeps what isolates have counted. */
  readonly #uplink: CountersUplink | undefined;
  readonly #traces: () => Traces | undefined;
  /** What isolates with sockets of their own have counted that are gone. */
  #formerlyServed = NOTHING_SERVED;
  readonly #deaths = Object.fromEntries(DEATH_REASONS.map((reason) => [reason, 0])) as Record<DeathReason, number>;
  #errors: ErrorFigures[] = [];
  #code: ServedCode;
  #other: CallCounters;
  #generation = 1;
  #failedReloads = 0;
  #starts = 0;
  #recycles = 0;

  constructor(
    gateway: string,
    plugin: string,
    code: ServedCode,
    uplink?: CountersUplink,
    traces: () => Traces | undefined = () => undefined,
  ) {
    this.gateway = gateway;
    this.plugin = plugin;
    this.#code = code;
    this.#uplink = uplink;
    this.#traces = traces;
    this.#other = this.#count(code.functions).of(OTHER_FUNCTION);
  }

  /** For isolates that nobody counts. */
  static ofNobody(plugin: string): PluginTelemetry {
    return new PluginTelemetry("", plugin, { version: "", functions: [], loaded: 0 });
  }

  /** Where the calls of one of its functions are counted. */
  of(functionName: string): CallCounters {
    return this.#byName.get(functionName) ?? this.#other;
  }

  /** Other code is served from now on. */
  reloaded(code: ServedCode): void {
    this.#code = code;
    this.#generation += 1;
    const added = code.functions.filter((name) => !this.#byName.has(name));
    if (added.length > 0) this.#count(added);
  }

  reloadFailed(message: string): void {
    this.#failedReloads += 1;
    this.failed({ function: undefined, reason: "reload", message });
  }

  failed(error: Omit<ErrorFigures, "at">): void {
    const told = { ...error, at: Date.now(), message: error.message.slice(0, MAX_MESSAGE) };
    this.#errors = [told, ...this.#errors.slice(0, MAX_ERRORS - 1)];
  }

  isolateStarted(place: IsolatePlace): IsolateTelemetry {
    const isolate = new IsolateTelemetry(place, this);
    this.#starts += 1;
    this.#isolates.add(isolate);
    return isolate;
  }

  isolateDied(reason: DeathReason, message: string): void {
    this.#deaths[reason] += 1;
    this.failed({ function: undefined, reason: "isolate", message });
  }

  isolateRecycled(): void {
    this.#recycles += 1;
  }

  isolateCounts(counters: PluginCounters): void {
    this.#uplink?.add(counters);
  }

  isolateCounted(counters: PluginCounters): void {
    if (this.#uplink === undefined) this.#sources[0]?.inherit(counters);
    else this.#uplink.drop(counters);
  }

  isolateTraced(calls: readonly TracedCall[], dropped: number): void {
    const traces = this.#traces();
    if (traces === undefined) return;
    // It serves this plugin alone, whatever it says.
    for (const call of calls) traces.ended({ ...call, gateway: this.gateway, plugin: this.plugin });
    traces.lost(dropped);
  }

  isolateGone(isolate: IsolateTelemetry): void {
    this.#isolates.delete(isolate);
    if (isolate.served !== undefined)
      this.#formerlyServed = { ...sumOfServed([this.#formerlyServed, isolate.served]), connections: 0 };
  }

  /** What isolates of it that serve sockets of their own have told of them. */
  get served(): Omit<ServedSample, "isolates"> {
    return sumOfServed([this.#formerlyServed, ...[...this.#isolates].flatMap(({ served }) => served ?? [])]);
  }

  /** Asks its isolates what they hold now. */
  async refresh(): Promise<void> {
    await Promise.all([...this.#isolates].map((isolate) => isolate.refresh()));
  }

  isolates(): IsolateFigures[] {
    const { gateway, plugin } = this;
    return [...this.#isolates].flatMap((isolate) => isolate.figures().map((figures) => ({ ...figures, gateway, plugin })));
  }

  functions(): FunctionFigures[] {
    const read = [...this.#sources, ...[...this.#isolates].flatMap(({ counters }) => counters)].map((source) => source.read());
    const { gateway, plugin } = this;
    const all = [...this.#byName.keys(), OTHER_FUNCTION].map((name) => ({
      gateway,
      plugin,
      function: name,
      ...merged(read.flatMap((source) => source.get(name) ?? [])),
    }));
    return all.filter(({ function: name, calls, running }) => name !== OTHER_FUNCTION || calls + running > 0);
  }

  figures({ living, sleeping }: BindingCounts): PluginFigures {
    const { served } = this;
    return {
      gateway: this.gateway,
      plugin: this.plugin,
      version: this.#code.version,
      generation: this.#generation,
      loadedSince: this.#code.loaded * MILLISECONDS,
      bindings: living,
      sleepingBindings: sleeping,
      reloads: this.#generation - 1,
      failedReloads: this.#failedReloads,
      starts: this.#starts + served.starts,
      deaths: sumOfDeaths([this.#deaths, served.deaths]),
      recycles: this.#recycles + served.recycles,
      lastErrors: this.#errors,
    };
  }

  #count(functions: readonly string[]): PluginCounters {
    const counters = new PluginCounters(functions);
    this.#sources.push(counters);
    for (const name of functions) this.#byName.set(name, counters.of(name));
    this.#uplink?.add(counters);
    return counters;
  }
}

function merged(all: readonly CountedCalls[]): CountedCalls {
  const [only] = all;
  if (only !== undefined && all.length === 1) return only;
  const total = (value: (counted: CountedCalls) => number): number => all.reduce((sum, counted) => sum + value(counted), 0);
  return {
    calls: total(({ calls }) => calls),
    failures: Object.fromEntries(
      FAILURE_REASONS.map((reason) => [reason, total(({ failures }) => failures[reason])]),
    ) as CountedCalls["failures"],
    running: total(({ running }) => running),
    asks: total(({ asks }) => asks),
    bytesIn: total(({ bytesIn }) => bytesIn),
    bytesOut: total(({ bytesOut }) => bytesOut),
    duration: mergeHistograms(all.map(({ duration }) => duration)),
    handler: mergeHistograms(all.map(({ handler }) => handler)),
  };
}
