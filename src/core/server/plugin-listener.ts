// The way back from the isolates of a plugin: what they report goes to the call that it is about, or to the log.
import type { Call, CallTable } from "../calls/index.js";
import type { Ask, CallHostListener, LogEntry } from "../channel/index.js";
import type { ErrorInfo } from "../model/index.js";
import type { BindingTable } from "../plugins/index.js";

/** Says in the log what goes wrong in plugins, beside their calls. */
export interface PluginLog {
  /** A line that the plugin, or what runs it, wants logged. */
  entry(plugin: string, entry: LogEntry): void;
  /** A binding cannot run: its calls fail. */
  bindingFailed(plugin: string, bindingId: number, error: ErrorInfo): void;
}

export interface PluginListenerOptions {
  readonly plugin: string;
  readonly calls: CallTable<Call>;
  readonly bindings: BindingTable;
  readonly log: PluginLog;
}

export class PluginListener implements CallHostListener {
  readonly #options: PluginListenerOptions;

  constructor(options: PluginListenerOptions) {
    this.#options = options;
  }

  onAsks(callId: number, asks: readonly Ask[]): void {
    this.#options.calls.get(callId)?.asked(asks);
  }

  onDone(callId: number, result?: Buffer): void {
    this.#options.calls.get(callId)?.done(result);
  }

  onFailure(callId: number, error: ErrorInfo): void {
    this.#options.calls.get(callId)?.failed(error);
  }

  onBindingFailed(bindingId: number, error: ErrorInfo): void {
    const { plugin, bindings, log } = this.#options;
    const binding = bindings.get(bindingId);
    if (binding !== undefined) binding.error = error.message;
    log.bindingFailed(plugin, bindingId, error);
  }

  onLog(entry: LogEntry): void {
    this.#options.log.entry(this.#options.plugin, entry);
  }

  onMemoryShort(): void {
    this.#options.bindings.spare(this.#options.plugin);
  }
}
