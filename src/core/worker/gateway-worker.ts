// What a gateway gives the isolates that run its plugins, its half of them, and what stands in for a plugin that did not load.
import type {
  LogLevel,
  Prefetch,
  PrefetchKey,
  CallHost,
  CallHostListener,
  PluginMetadata,
  BindingSpec,
  CallStart,
} from "../channel/index.js";
import type { CallTracking } from "./current-call.js";
import type { ErrorInfo } from "../model/index.js";
import type { PluginLifeCycle } from "./life-cycle.js";

/** What the core gives a gateway's host in an isolate. */
export interface HostContext {
  /** For messages. */
  readonly plugin: string;
  readonly listener: CallHostListener;
  readonly tracking: CallTracking;
  /** Bytes that a body may have which the gateway leaves in a file. */
  readonly maxBodySize: number;
  /** Calls at once, where nobody in front of the host counts them. */
  readonly maxCalls?: number | undefined;
  /** Frees the memory of bytes that nothing refers to any more. */
  readonly release: (data: Buffer) => void;
  /** Such events begin with these calls from now on; with anything, where `opening` is undefined. */
  readonly onPrefetch: (key: PrefetchKey, opening: Prefetch | undefined) => void;
}

/** Hears of the errors that no handler of a plugin caught. */
export interface StrayErrors {
  /** How one is logged; undefined where it is no fault. */
  levelOf(thrown: unknown): LogLevel | undefined;
  exceptionEscapes(thrown: unknown): void;
  rejectionFloats(promise: Promise<unknown>, reason: unknown): void;
  /** A rejection that floated is handled after all. */
  rejectionLands(promise: Promise<unknown>): void;
}

/** A gateway's half in an isolate. `Definition` is its own: the core runs its life cycle and passes it on. */
export interface GatewayWorker<Definition extends PluginLifeCycle = PluginLifeCycle> {
  /** Whether a module is a plugin of this gateway, where it can tell; without it, any may be. */
  owns?(moduleExports: unknown): boolean;
  /**
   * Reads the plugin that a module is; `name` is that of its file or folder.
   * @throws {Error} with the reason, where it is no plugin of this gateway.
   */
  define(moduleExports: unknown, name: string): Definition;
  /** What the plugin says of itself, as plain data. */
  describe(definition: Definition, name: string): PluginMetadata;
  createHost(definition: Definition, context: HostContext): CallHost;
  /**
   * Runs a call as a plugin's are run, in a realm that plugin code may have changed. `done` hears what fails; it may never be
   * called.
   */
  selfCheck(done: (problem: string | undefined) => void): void;
  readonly strayErrors: StrayErrors;
}

/** Loads the module whose `gatewayWorker` is a gateway's half in an isolate. */
export async function loadGatewayWorker(module: string): Promise<GatewayWorker> {
  const { gatewayWorker } = (await import(module)) as { readonly gatewayWorker: GatewayWorker };
  return gatewayWorker;
}

export class FailedHost implements CallHost {
  readonly #reason: ErrorInfo;
  readonly #listener: CallHostListener;

  constructor(reason: ErrorInfo, listener: CallHostListener) {
    this.#reason = reason;
    this.#listener = listener;
  }

  bind(spec: BindingSpec): void {
    this.#listener.onBindingFailed(spec.id, this.#reason);
  }

  start({ callId }: CallStart): void {
    this.#listener.onFailure(callId, this.#reason, { reason: "configuration" });
  }

  // Nothing ever runs here, so there is nothing to close, to answer or to cancel.
  unbind(): void {}
  answer(): void {}
  cancel(): void {}
}
