// The way back from the isolates of a plugin: what they report goes to the call that it is about, or to the log.
import type { Call, CallTable } from "../calls/index.js";
import type { Ask, CallHostListener, FailureCircumstances, LogEntry } from "../channel/index.js";
import type { ErrorInfo } from "../model/index.js";
import type { BindingTable } from "../plugins/index.js";
import type { FailureReason, GatewayTelemetry } from "../telemetry/index.js";

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
  readonly telemetry: GatewayTelemetry;
  readonly log: PluginLog;
}

export class PluginListener implements CallHostListener {
  readonly #options: PluginListenerOptions;

  constructor(options: PluginListenerOptions) {
    this.#options = options;
  }

  onAsks(callId: number, asks: readonly Ask[], handlerTime?: number): void {
    const call = this.#options.calls.get(callId);
    if (call === undefined) return;
    let bytes = 0;
    for (const { data } of asks) bytes += data.length;
    call.counters?.asked(asks.length, bytes);
    if (handlerTime !== undefined) call.counters?.handled(handlerTime);
    call.asked(asks);
  }

  onDone(callId: number, result?: Buffer, handlerTime?: number): void {
    const call = this.#options.calls.get(callId);
    if (call === undefined) return;
    if (result !== undefined) call.counters?.answered(result.length);
    if (handlerTime !== undefined) call.counters?.handled(handlerTime);
    call.done(result);
  }

  onFailure(callId: number, error: ErrorInfo, { reason, handlerTime }: FailureCircumstances = {}): void {
    const call = this.#options.calls.get(callId);
    if (call === undefined) return;
    if (handlerTime !== undefined) call.counters?.handled(handlerTime);
    if (call.failure === undefined) {
      this.#note(call, error, reason);
      call.span?.failed(error);
    }
    call.failed(error);
  }

  #note(call: Call, { message }: ErrorInfo, known: FailureReason | undefined): void {
    const { telemetry, bindings, plugin } = this.#options;
    const cannotRun = bindings.get(call.bindingId)?.error !== undefined;
    const reason = known ?? (cannotRun ? "configuration" : "threw");
    call.failure = reason;
    telemetry.plugin(plugin).failed({ function: call.functionName, reason, message });
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
