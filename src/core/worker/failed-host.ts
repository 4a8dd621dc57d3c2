// Stands in for a plugin whose module did not load in its isolate: every instance and event of it fails with the reason.
import type { ErrorInfo } from "../model/index.js";
import type { InstanceSpec, PhaseHost, PhaseHostListener } from "../channel/index.js";

export class FailedHost implements PhaseHost {
  readonly #reason: ErrorInfo;
  readonly #listener: PhaseHostListener;

  constructor(reason: ErrorInfo, listener: PhaseHostListener) {
    this.#reason = reason;
    this.#listener = listener;
  }

  startInstance(spec: InstanceSpec): void {
    this.#listener.onInstanceFailed(spec.id, this.#reason);
  }

  startEvent(eventId: number): void {
    this.#listener.onFailure(eventId, this.#reason);
  }

  // Nothing ever runs here, so there is nothing to close, to answer or to cancel.
  closeInstance(): void {}
  step(): void {}
  cancelEvent(): void {}
}
