// Runs the bindings of one plugin in the thread of its server: no hop, and no wall either.
import type { BindingSpec, CallHost, CallHostListener, Diagnosis } from "../channel/index.js";
import { LeadingHost } from "../isolates/index.js";
import { DiagnosisError } from "../model/index.js";
import { diagnose } from "../worker/index.js";
import type { BindingPool } from "./plugin-source.js";

export class InThreadPool implements BindingPool {
  readonly #host: LeadingHost;

  /** @param listener what the host tells, too. */
  constructor(host: CallHost, listener: CallHostListener) {
    this.#host = new LeadingHost(host, listener);
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
