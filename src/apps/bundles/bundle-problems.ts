// Counts and tells what keeps bundles from being what they should be: each problem once, for as long as it is the same.
import { messageOf } from "../../core/model/index.js";
import type { Logger } from "pino";
import { BundledError } from "./errors.js";
import { diskError } from "./kept-bundles.js";

/** The index itself, and what is about none of its bundles. */
export const OF_ALL = "";

export class BundleProblems {
  readonly #logger: Logger;
  readonly #counts = new Map<string, number>();
  /** By the name of the bundle. */
  readonly #texts = new Map<string, string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** By the reason, since the server began. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  get texts(): readonly string[] {
    return [...this.#texts.values()];
  }

  /** `version` is what is served of the bundle. */
  tell(name: string, version: string | undefined, thrown: unknown): BundledError {
    const error = thrown instanceof BundledError ? thrown : diskError(thrown);
    this.#count(error.reason);
    const state = version === undefined ? "is not served" : `stays at ${version}`;
    const text = `${name === OF_ALL ? "bundles stay as they are" : `bundle ${name} ${state}`}: ${error.message}`;
    if (this.#texts.get(name) !== text)
      this.#logger.error({ code: error.code, ...(name === OF_ALL ? {} : { bundle: name }) }, text);
    this.#texts.set(name, text);
    return error;
  }

  /** It is as it should be. */
  solved(name: string): void {
    this.#texts.delete(name);
  }

  /** Those of bundles that nobody names any more. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#texts.keys()) if (name !== OF_ALL && !names.has(name)) this.#texts.delete(name);
  }

  /** Served all the same. */
  notKept(what: string, error: unknown): void {
    this.#count("disk");
    const reason = messageOf(error);
    this.#logger.warn(`${what} served, and not kept for a start without network: ${reason}`);
  }

  #count(reason: string): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
  }
}
