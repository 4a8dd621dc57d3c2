// Runs the instances of one plugin in the thread that reads the socket.
import type { CallHostListener } from "../../../core/channel/index.js";
import type { CallTracking } from "../../../core/worker/index.js";
import { gatewayCodecs, KongHost, type KongDefinition } from "../worker/index.js";
import { InThreadPool } from "../../../core/server/index.js";
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

export class KongInThreadPool extends InThreadPool {
  constructor(definition: KongDefinition, limits: InThreadLimits, tracking: CallTracking, listener: CallHostListener) {
    super(
      new KongHost(definition, gatewayCodecs(limits.maxBodySize), listener, {
        ...(limits.plugin === undefined ? {} : { plugin: limits.plugin }),
        ...(limits.onFirstReturn === undefined ? {} : { onFirstReturn: limits.onFirstReturn }),
        tracking,
        release: releaseMemory,
        maxEvents: limits.maxCalls,
      }),
      listener,
    );
  }
}
