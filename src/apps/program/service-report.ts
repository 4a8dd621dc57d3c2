// Tells the service manager, where there is one, when a server is ready, reloads and ends, and how it does meanwhile.
import type { ServiceManager } from "../../core/service-manager/index.js";

/** Milliseconds between two looks at how the server does. */
const LOOK = 10_000;

export class ServiceReport {
  readonly #manager: ServiceManager | undefined;
  readonly #summary: () => Promise<string>;
  #looks: NodeJS.Timeout | undefined;

  /** `summary` gives one line, once the server has started. */
  constructor(manager: ServiceManager | undefined, summary: () => Promise<string>) {
    this.#manager = manager;
    this.#summary = summary;
  }

  async serving(): Promise<void> {
    const manager = this.#manager;
    if (manager === undefined) return;
    manager.ready(await this.#summary());
    this.#looks = setInterval(() => {
      this.#summary().then(
        (text) => manager.status(text),
        // It ends, or the directory cannot be read, which is logged.
        () => {},
      );
    }, LOOK).unref();
  }

  /** The service counts as reloading until `reload` has settled. */
  async reloading(reload: () => Promise<unknown>): Promise<void> {
    this.#manager?.reloading();
    try {
      await reload();
    } finally {
      this.#manager?.ready(await this.#summary());
    }
  }

  /** Resolves when the last message was sent. */
  async ending(): Promise<void> {
    clearInterval(this.#looks);
    await this.#manager?.stopping();
  }
}
