// What the server asks of the place its plugins come from, and of what runs them.
import type { BindingSpec, Diagnosis, LogEntry, ModuleArtifact, CallHost, CallHostListener } from "../channel/index.js";
import { type Generation, type PluginProblem, PluginRegistry } from "../plugins/index.js";
import type { PluginTelemetry } from "../telemetry/index.js";
import type { ServedPlugins } from "./served-plugins.js";

/** Runs the instances of one plugin, whatever the thread. */
export interface BindingPool {
  /** Starts an instance and returns the host that it stays in. */
  bind(spec: BindingSpec): CallHost;
  /** Runs this code from now on, with all instances, which are now these; events that run finish in the old. */
  replace(artifact: ModuleArtifact, instances: readonly BindingSpec[]): void;
  /** Resolves when what one of its isolates finds out about itself is in the file. */
  diagnose(diagnosis: Diagnosis): Promise<void>;
  /** Ends when it has no instance any more. Resolves when the last one that it has was closed. */
  retire(): Promise<void>;
  /** Ends; with `now`, without waiting for the handlers that run. */
  close(now: boolean): Promise<void>;
}

/** `isFormer`: another generation of the plugin is served, and has its own socket and its debugger. */
export type CreatePool = (
  generation: Generation,
  listener: CallHostListener,
  telemetry: PluginTelemetry,
  isFormer?: boolean,
) => BindingPool;

/** What a look for changes has found and left. */
export interface ReloadOutcome {
  /** Names of plugins that are new. */
  readonly added: readonly string[];
  /** Names of plugins with new code. */
  readonly reloaded: readonly string[];
  /** The plugins that are served now. */
  readonly served: readonly Generation[];
  readonly problems: readonly PluginProblem[];
  /** Why the directory could not be read, where it could not. */
  readonly unreadable: string | undefined;
}

/** Where plugins come from. */
export interface PluginSource {
  /** Resolves when the plugins are there. */
  load(): Promise<unknown>;
  /** The plugins, once they are loaded: who asks earlier waits. */
  registry(): Promise<PluginRegistry>;
  /** Looks for changes now. Resolves with what they were; undefined where nothing can change. */
  reload(): Promise<ReloadOutcome | undefined>;
  /** Serves another directory. What runs goes on running. */
  change(directory: string): Promise<void>;
  /** May be called twice. */
  close(): Promise<void>;
}

/** What a source needs of the server. */
export interface SourceContext {
  readonly served: ServedPlugins;
  /** A plugin has new code: what failed for the old may run now. */
  readonly onNewCode: (plugin: string) => void;
  /** A line that a plugin printed while it was loaded. */
  readonly onPluginLog: (plugin: string, entry: LogEntry) => void;
}

export type CreateSource = (context: SourceContext) => PluginSource;

/** One plugin: there from the start, and never another. */
export class OnePlugin implements PluginSource {
  readonly #registry = new PluginRegistry();
  readonly #context: SourceContext;

  constructor(generation: Generation, context: SourceContext) {
    this.#registry.add(generation);
    this.#context = context;
  }

  load(): Promise<void> {
    this.#context.served.replace(this.#registry.list());
    return Promise.resolve();
  }

  registry(): Promise<PluginRegistry> {
    return Promise.resolve(this.#registry);
  }

  /** The code of a program changes by starting it again. */
  reload(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  change(directory: string): Promise<void> {
    return Promise.reject(new Error(`this server is one plugin: it cannot serve ${directory}`));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
