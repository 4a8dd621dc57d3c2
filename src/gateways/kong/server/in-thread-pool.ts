// Runs the instances of one plugin in the thread that reads the socket: no hop, and no wall either.
import type { BindingSpec, CallHost, CallHostListener, Diagnosis } from "../../../core/channel/index.js";
import { DiagnosisError } from "../../../core/model/index.js";
import { type CallTracking, diagnose } from "../../../core/worker/index.js";
import { LeadingHost } from "../../../core/isolates/index.js";
import { gatewayCodecs, KongHost, type PluginDefinition } from "../worker/index.js";
import type { BindingPool } from "../../../core/server/index.js";
import { releaseMemory } from "../../../core/net/index.js";

export interface InThreadLimits {
  /** Events at once. */
  readonly maxCalls: number;
  /** Bytes of a body that the gateway leaves in a file. */
  readonly maxBodySize: number;
  /** The plugin's name, where its module states none. */
  readonly plugin?: string;
  /** A handler has returned for the first time. */
  readonly onFirstReturn?: () => void;
}

export class InThreadPool implements BindingPool {
  readonly #kong: KongHost;
  readonly #host: LeadingHost;

  constructor(definition: PluginDefinition, limits: InThreadLimits, tracking: CallTracking, listener: CallHostListener) {
    this.#kong = new KongHost(definition, gatewayCodecs(limits.maxBodySize), listener, {
      ...(limits.plugin === undefined ? {} : { plugin: limits.plugin }),
      ...(limits.onFirstReturn === undefined ? {} : { onFirstReturn: limits.onFirstReturn }),
      tracking,
      release: releaseMemory,
      maxEvents: limits.maxCalls,
    });
    this.#host = new LeadingHost(this.#kong, listener);
  }

  get instanceCount(): number {
    return this.#kong.instanceCount;
  }

  bind(spec: BindingSpec): CallHost {
    this.#host.bind(spec);
    return this.#host;
  }

  /** The code of a program is what it was started with. */
  replace(): void {}

  async diagnose(diagnosis: Diagnosis): Promise<void> {
    const problem = await diagnose(diagnosis);
    if (problem !== undefined) throw new DiagnosisError(problem);
  }

  retire(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
