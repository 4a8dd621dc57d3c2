// Stands in for a plugin whose module did not load in its isolate: every binding and call of it fails with the reason.
import type { ErrorInfo } from "../model/index.js";
import type { BindingSpec, CallHost, CallHostListener, CallStart } from "../channel/index.js";

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
    this.#listener.onFailure(callId, this.#reason);
  }

  // Nothing ever runs here, so there is nothing to close, to answer or to cancel.
  unbind(): void {}
  answer(): void {}
  cancel(): void {}
}
