// Owns the isolates of one plugin and says which instance lives in which.
import type { InspectorAddress, BindingSpec, Diagnosis, ModuleArtifact, CallHost, CallHostListener } from "../channel/index.js";
import { DiagnosisError } from "../model/index.js";
import type { StartTransport } from "./transports/transport.js";
import type { IsolateLimits, OwnSocketPlace } from "./isolate-options.js";
import { PluginTelemetry } from "../telemetry/index.js";
import { SupervisedIsolate } from "./supervised-isolate.js";

export interface PluginPoolOptions {
  readonly plugin: string;
  readonly artifact: ModuleArtifact;
  /** URL of the module that is the gateway's half in an isolate. */
  readonly gatewayWorker: string;
  /** How many isolates the plugin's instances spread over. Each starts with its first instance. */
  readonly isolates: number;
  readonly startTransport: StartTransport;
  readonly limits: IsolateLimits;
  readonly listener: CallHostListener;
  /** Where its isolates are counted. */
  readonly telemetry?: PluginTelemetry | undefined;
  /** Has its isolates serve a socket of their own. */
  readonly ownSocket?: OwnSocketPlace | undefined;
  /** Whether it cleans up when it is told to stop, and gets the time for it. */
  readonly disposes?: boolean | undefined;
  /** Where a debugger reaches it. It gets one isolate then, in a process: a thread at a breakpoint cannot be ended. */
  readonly inspect?: InspectorAddress | undefined;
}

export class PluginPool {
  readonly #isolates: readonly SupervisedIsolate[];

  constructor({
    plugin,
    artifact,
    gatewayWorker,
    isolates,
    startTransport,
    limits,
    listener,
    inspect,
    ownSocket,
    disposes = false,
    telemetry = PluginTelemetry.ofNobody(plugin),
  }: PluginPoolOptions) {
    this.#isolates = Array.from(
      { length: inspect === undefined ? isolates : 1 },
      (_, slot) =>
        new SupervisedIsolate(artifact, {
          plugin,
          gatewayWorker,
          startTransport,
          limits,
          listener,
          inspect,
          ownSocket,
          disposes,
          telemetry,
          slot,
        }),
    );
  }

  /** Starts an instance in the isolate that has the fewest and returns the host that it stays in. */
  bind(spec: BindingSpec): CallHost {
    const host = this.#isolates.reduce((least, isolate) => (isolate.bindingCount < least.bindingCount ? isolate : least));
    host.bind(spec);
    return host;
  }

  /** Runs this code from now on, with all instances, which are now these; events that run finish in the old. */
  replace(artifact: ModuleArtifact, instances: readonly BindingSpec[] = []): void {
    for (const isolate of this.#isolates) isolate.replace(artifact, instances);
  }

  /** Has the first isolate that runs find something out about itself. @throws {DiagnosisError} */
  async diagnose(diagnosis: Diagnosis): Promise<void> {
    for (const isolate of this.#isolates) {
      const begun = isolate.diagnose(diagnosis);
      if (begun !== undefined) return begun;
    }
    throw new DiagnosisError("no isolate of it runs now: it starts with the first call");
  }

  /** Ends when it has no instance any more. Resolves when the last one that it has was closed and its isolates have ended. */
  async retire(): Promise<void> {
    await Promise.all(this.#isolates.map((isolate) => isolate.retire()));
  }

  async close(now: boolean): Promise<void> {
    await Promise.all(this.#isolates.map((isolate) => isolate.close(now)));
  }
}
