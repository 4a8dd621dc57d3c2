// Owns the isolates of one generation of one plugin and says which instance lives in which.
import type { InstanceSpec, ModuleArtifact, PhaseHost, PhaseHostListener } from "../channel/index.js";
import { SupervisedIsolate } from "./supervised-isolate.js";

export interface PluginPoolOptions {
  readonly plugin: string;
  readonly artifact: ModuleArtifact;
  /** How many isolates the plugin's instances spread over. Each starts with its first instance. */
  readonly isolates: number;
  readonly listener: PhaseHostListener;
}

export class PluginPool {
  readonly #isolates: readonly SupervisedIsolate[];

  constructor(options: PluginPoolOptions) {
    this.#isolates = Array.from({ length: options.isolates }, () => new SupervisedIsolate(options.plugin, options.artifact, options.listener));
  }

  /** Starts an instance in the isolate that has the fewest and returns the host that it stays in. */
  startInstance(spec: InstanceSpec): PhaseHost {
    const host = this.#isolates.reduce((least, isolate) => (isolate.instanceCount < least.instanceCount ? isolate : least));
    host.startInstance(spec);
    return host;
  }

  async close(now: boolean): Promise<void> {
    await Promise.all(this.#isolates.map((isolate) => isolate.close(now)));
  }
}
