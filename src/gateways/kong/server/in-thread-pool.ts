// Runs the instances of one plugin in the thread that reads the socket: no hop, and no wall either.
import type { InstanceSpec, PhaseHost, PhaseHostListener } from "../../../core/channel/index.js";
import type { EventTracking } from "../../../core/worker/index.js";
import { gatewayCodecs, LocalHost, type PluginDefinition } from "../worker/index.js";
import type { InstancePool } from "../../../core/server/index.js";
import { releaseMemory } from "../../../core/net/index.js";

export interface InThreadLimits {
  /** Events at once. */
  readonly maxEvents: number;
  /** Bytes of a body that the gateway leaves in a file. */
  readonly maxBodySize: number;
  /** The plugin's name, where its module states none. */
  readonly plugin?: string;
}

export class InThreadPool implements InstancePool {
  readonly #local: LocalHost;
  readonly #host: PhaseHost;

  constructor(definition: PluginDefinition, limits: InThreadLimits, tracking: EventTracking, listener: PhaseHostListener) {
    this.#local = new LocalHost(definition, gatewayCodecs(limits.maxBodySize), listener, {
      ...(limits.plugin === undefined ? {} : { plugin: limits.plugin }),
      tracking,
      release: releaseMemory,
    });
    this.#host = limited(this.#local, limits.maxEvents, listener);
  }

  get instanceCount(): number {
    return this.#local.instanceCount;
  }

  startInstance(spec: InstanceSpec): PhaseHost {
    this.#host.startInstance(spec);
    return this.#host;
  }

  /** The code of a program is what it was started with. */
  replace(): void {}

  retire(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function limited(host: LocalHost, maxEvents: number, listener: PhaseHostListener): PhaseHost {
  return {
    startInstance: (spec) => host.startInstance(spec),
    closeInstance: (instanceId) => host.closeInstance(instanceId),
    startEvent: (eventId, instanceId, phase, protocol) => {
      if (host.eventCount < maxEvents) return host.startEvent(eventId, instanceId, phase, protocol);
      const message = `the plugin runs ${maxEvents} events at once already: see -max-events`;
      listener.onFailure(eventId, { name: "IsolateError", code: "ISOLATE_BUSY", message, stack: message });
    },
    step: (eventId, failed, data) => host.step(eventId, failed, data),
    cancelEvent: (eventId, reason) => host.cancelEvent(eventId, reason),
  };
}
