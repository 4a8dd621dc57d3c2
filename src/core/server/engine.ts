// Joins plugins, bindings and calls into what a gateway's listener works with: bytes go into a function of a plugin, asks and a
// result come out. How they cross a wire is the gateway's affair.
import { performance } from "node:perf_hooks";
import { type Call, type CallIds, CallTable } from "../calls/index.js";
import type { Ask, CallHost, CallLead, CallStart, FailurePolicy } from "../channel/index.js";
import { type CallSpan, type GatewayTelemetry, Telemetry } from "../telemetry/index.js";
import { type Binding, BindingTable, type PluginRegistry, type SleepingBinding } from "../plugins/index.js";
import { FailedHost } from "../worker/index.js";
import type { ConfigurationRules } from "./configuration-rules.js";
import { type BindingDescription, describeBinding } from "./describe-binding.js";
import { PluginListener, type PluginLog } from "./plugin-listener.js";
import type { CreatePool, CreateSource, PluginSource, ReloadOutcome } from "./plugin-source.js";
import { ServedPlugins } from "./served-plugins.js";

/** What runs the calls of a binding, and what holds for them. */
export interface CallRunner {
  readonly host: CallHost;
  readonly plugin: string;
  /** Milliseconds until a call is given up. */
  readonly timeout: number;
  readonly onError: FailurePolicy;
}

/** Where a gateway says which trace a call belongs to: known with the call, or answered to an ask. */
export type TraceSource =
  | { readonly traceParent: unknown; readonly traceState: unknown }
  | { readonly ask: Ask; readonly askState: Ask; readonly readAnswer: (data: Buffer) => unknown };

export interface EngineOptions {
  /** What figures call the gateway. */
  readonly gateway: string;
  /** Where everything is counted, where several engines have it in common. */
  readonly telemetry?: Telemetry | undefined;
  readonly createSource: CreateSource;
  readonly createPool: CreatePool;
  /** What the gateway knows of its configurations. */
  readonly configurations: ConfigurationRules;
  /** Milliseconds after which a binding that is not used sleeps. */
  readonly bindingTimeout: number;
  /** Gives ids that no former server on the same address has given. */
  readonly newBindingId: () => number;
  /** Hears of a binding that does not come back. */
  readonly onBindingGone?: ((id: number) => void) | undefined;
  /** All by default. */
  readonly callIds?: CallIds | undefined;
  /** Milliseconds that a call may take, where its plugin says nothing else. */
  readonly callTimeout: number;
  /** The plugin whose calls may take as long as they do: somebody looks at them with a debugger. */
  readonly withoutDeadline?: string | undefined;
  /** What becomes of what a failed call was for, where its plugin says nothing else. */
  readonly onError: FailurePolicy;
  /** Finds a binding that another server of the same address has made. */
  readonly findElsewhere?: ((id: number) => SleepingBinding | undefined) | undefined;
  readonly log: PluginLog;
}

/** In milliseconds. */
const A_DAY = 86_400_000;

export class Engine<C extends Call> {
  readonly calls: CallTable<C>;
  readonly bindings: BindingTable;
  readonly plugins: ServedPlugins;
  /** What the server counts: `telemetry.snapshot()` gives all of it as plain figures. */
  readonly telemetry: Telemetry;
  readonly #counts: GatewayTelemetry;
  readonly #options: EngineOptions;
  readonly #source: PluginSource;
  /** As it was when a binding was last made: for what is said of plugins that are not there. */
  #registry: PluginRegistry | undefined;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.telemetry = options.telemetry ?? new Telemetry();
    this.#counts = this.telemetry.gateway(options.gateway);
    this.calls = new CallTable<C>(options.callIds, this.#counts);
    this.bindings = new BindingTable(options.bindingTimeout, options.newBindingId, options.onBindingGone);
    this.plugins = new ServedPlugins(
      this.bindings,
      options.configurations,
      ({ name }) => this.#listenTo(name),
      options.createPool,
      this.#counts,
    );
    this.#counts.countBindings(() => this.bindings.counts());
    this.#source = options.createSource({
      served: this.plugins,
      onNewCode: (plugin) => this.#forgetFailures(plugin),
      onPluginLog: (plugin, entry) => options.log.entry(plugin, entry),
    });
  }

  /** Resolves when plugins are served. */
  async load(): Promise<void> {
    await this.#source.load();
    this.#registry = await this.#source.registry();
  }

  /** The plugins, once they are loaded: who asks earlier waits. */
  registry(): Promise<PluginRegistry> {
    return this.#source.registry();
  }

  /** Looks for changed plugins now. Resolves with what has changed; undefined where nothing can. */
  reload(): Promise<ReloadOutcome | undefined> {
    return this.#source.reload();
  }

  /** Serves the plugins of another directory. What runs goes on running. */
  async changeDirectory(directory: string): Promise<void> {
    await this.#source.registry();
    await this.#source.change(directory);
  }

  /** Binds a plugin to a configuration. Where it cannot run, the binding says why in `error`, and its calls fail. */
  async bind(plugin: string, config: string): Promise<Binding> {
    this.#registry = await this.#source.registry();
    const id = this.bindings.nextId();
    const served = this.plugins.get(plugin);
    const former = this.plugins.likeFormer(plugin, config);
    const generation = former?.generation ?? served?.generation;
    const started = Math.floor(Date.now() / 1000);
    const fresh = { id, plugin, config, started, generation, fields: generation?.metadata.schema ?? [] };
    if (generation !== undefined && generation === served?.generation) this.plugins.fillIn(fresh, generation, served.announced);
    return this.#start(fresh, this.#registry);
  }

  /** Takes over a binding that a former server has made: it is started when it is first used. */
  restore(binding: SleepingBinding): void {
    this.bindings.restore(binding);
  }

  /** The gateway needs it no more. Its calls finish. */
  unbind(id: number): SleepingBinding | undefined {
    const binding = this.bindings.close(id) ?? this.#options.findElsewhere?.(id);
    const plugin = binding === undefined ? undefined : this.plugins.get(binding.plugin);
    if (plugin !== undefined) plugin.lastClose = Date.now() / 1000;
    return binding;
  }

  /** What runs the calls of a binding, which is started again where it went for being unused; undefined where there is none. */
  runnerOf(bindingId: number): CallRunner | undefined {
    const binding = this.bindings.use(bindingId) ?? this.#startAgain(bindingId);
    if (binding === undefined) return undefined;
    const { host, plugin, generation } = binding;
    const { callTimeout, withoutDeadline, onError } = this.#options;
    const metadata = generation?.metadata ?? this.plugins.get(plugin)?.generation.metadata;
    const limit = metadata?.timeout === undefined ? callTimeout : metadata.timeout * 1000;
    const timeout = plugin === withoutDeadline ? A_DAY : limit;
    return { host, plugin, timeout, onError: metadata?.onError ?? onError };
  }

  /**
   * Starts a call: the gateway gets what comes of it through `call`, which it takes out of `calls` when it is over. `sourceOfTrace` is
   * asked where calls are traced; undefined where the gateway says nothing of traces.
   */
  start(
    call: C,
    { host }: CallRunner,
    start: Pick<CallStart, "bindingId" | "functionName" | "payload">,
    sourceOfTrace?: () => TraceSource | undefined,
  ): void {
    this.calls.add(call, start.payload?.length);
    const { traces } = this.telemetry;
    if (traces === undefined) return host.start({ callId: call.id, ...start });
    const { plugin, functionName, bindingId } = call;
    const span = traces.begin(
      { gateway: this.#options.gateway, plugin, function: functionName, binding: bindingId },
      performance.now() - call.beganAt,
    );
    call.span = span;
    host.start({ callId: call.id, ...start, trace: span, lead: leadTo(span, sourceOfTrace?.()) });
  }

  /** The bindings of a plugin, without what is secret in them. */
  describeBindings(plugin: string): BindingDescription[] {
    const served = this.plugins.get(plugin);
    const all = [...this.bindings.ofPlugin(plugin), ...this.bindings.sleepingOf(plugin)];
    return all.map((binding) => describeBinding(binding, served, this.#options.configurations));
  }

  /** Takes no plugins over any more: whatever is being loaded. */
  stopReloading(): Promise<void> {
    return this.#source.close();
  }

  /** Ends all that runs, without waiting for it. */
  async close(): Promise<void> {
    await this.stopReloading();
    this.calls.close();
    this.bindings.end();
    await this.plugins.close(true);
  }

  #startAgain(id: number): Binding | undefined {
    const registry = this.#registry;
    if (registry === undefined) return undefined;
    const known = this.bindings.wake(id) ?? this.#options.findElsewhere?.(id);
    return known === undefined ? undefined : this.#start(known, registry);
  }

  #start(given: SleepingBinding, registry: PluginRegistry): Binding {
    const { id, plugin: name, config } = given;
    const current = this.plugins.get(name)?.generation;
    const isFormer = given.generation !== undefined && given.generation !== current;
    const generation = isFormer && (current === undefined || !this.plugins.fits(current, config)) ? given.generation : current;
    const refusal =
      generation === undefined
        ? registry.unavailable(name)
        : generation === current
          ? this.#options.configurations.refusal(generation.name, generation.metadata.schema, config)
          : undefined;
    if (generation !== undefined && refusal === undefined)
      return this.bindings.add({ ...given, generation, host: this.plugins.bind({ ...given, generation }) });
    const why = refusal ?? registry.unavailable(name);
    const host = new FailedHost({ name: "RpcError", message: why, stack: why }, this.#listenTo(name));
    const binding = this.bindings.add({ ...given, generation: undefined, host });
    // Tells, now that the table knows the binding, why it cannot run.
    host.bind({ id, config });
    return binding;
  }

  /** What a binding failed for may be mended by new code. */
  #forgetFailures(plugin: string): void {
    for (const binding of this.bindings.ofPlugin(plugin)) {
      // It never ran: told that there is none, the gateway makes it anew with its next call, and it is checked again.
      if (binding.host instanceof FailedHost) this.bindings.close(binding.id);
      else binding.error = undefined;
    }
  }

  #listenTo(plugin: string): PluginListener {
    const { calls, bindings } = this;
    return new PluginListener({ plugin, calls, bindings, telemetry: this.#counts, log: this.#options.log });
  }
}

/** What an operator gets to see and to do of an engine. */
export type AdministeredEngine = Pick<Engine<Call>, "calls" | "plugins" | "reload" | "registry" | "describeBindings">;

/** Undefined where nothing has to be asked. What cannot be read says nothing of traces. */
function leadTo(span: CallSpan, source: TraceSource | undefined): CallLead | undefined {
  if (source === undefined || "traceParent" in source) {
    span.belongsTo(source?.traceParent);
    span.stateIs(source?.traceState);
    return undefined;
  }
  const { ask, askState, readAnswer } = source;
  const read = (failed: boolean, data: Buffer | undefined): unknown => {
    try {
      return failed || data === undefined ? undefined : readAnswer(data);
    } catch {
      return undefined;
    }
  };
  const state: CallLead = {
    ask: askState,
    answered: (failed, data) => {
      span.stateIs(read(failed, data));
      return undefined;
    },
  };
  return {
    ask,
    answered: (failed, data) => {
      span.belongsTo(read(failed, data));
      return span.hasParent ? state : undefined;
    },
  };
}
