// Keeps the bundles that a server loads its plugins from: which ones are wanted, when they are looked at again, whose call means which.
import { setTimeout as wait } from "node:timers/promises";
import { messageOf } from "../../../core/model/index.js";
import { bundleHash } from "./bundle.js";
import { BundleSlot, type LoadedBundle, type SlotOptions } from "./bundle-slot.js";
import type { BundleSource } from "./bundle-source.js";
import { BundleError } from "./errors.js";
import { LingeringNames } from "./lingering-names.js";
import type { KeptZips } from "./kept-zips.js";
import type { VerifyingKey } from "./keys.js";
import { type ArchiveLimits, ARCHIVE_LIMITS } from "./read-archive.js";

export interface BundleListener {
  /** Some are new, changed or gone. */
  onChange(bundles: readonly LoadedBundle[]): void;
  /** A bundle cannot be used; the one before goes on. Told once for as long as nothing changes. */
  onProblem(name: string, error: BundleError): void;
  /** A bundle is used all the same. */
  onWarning(name: string, message: string): void;
}

export interface BundleStoreOptions {
  readonly source: BundleSource;
  /**
   * What `custom_middleware_bundle` is in the API definitions: a name, or several with commas. Asked with each look; where it
   * gives none, a folder's bundles are all that are in it. Where it rejects, nothing changes.
   */
  readonly names: () => Promise<readonly string[]>;
  /** For unpacked files; whoever gives it removes it after `close`. */
  readonly folder: string;
  /** Where the last good zips stay when the store is closed; nowhere by default. */
  readonly keptZips?: KeptZips | undefined;
  readonly publicKey?: VerifyingKey | undefined;
  readonly limits?: ArchiveLimits | undefined;
  /** Milliseconds between two looks, more or less a fifth. */
  readonly interval?: number | undefined;
  /** Milliseconds for which one stays that no definition names any more. */
  readonly linger?: number | undefined;
  /** Looks into a bundle before it is used. @throws {BundleError} where it cannot be, so that the one before goes on. */
  readonly check?: ((bundle: LoadedBundle) => Promise<void>) | undefined;
  readonly listener: BundleListener;
}

/** Servers that were started together do not ask together. */
const JITTER = 0.2;
/** Milliseconds until the next look where a bundle is missing altogether; then twice as long, up to the interval. */
const FIRST_RETRY = 1000;
const MAX_FETCHES = 4;

/** Texts of `custom_middleware_bundle`. */
interface NamedTexts {
  readonly wanted: readonly string[];
  /** A gateway may still call with these. */
  readonly former: readonly string[];
}

export class BundleStore {
  readonly #options: BundleStoreOptions;
  readonly #slotOptions: SlotOptions;
  readonly #slots = new Map<string, BundleSlot>();
  /** The bundles of each text of `custom_middleware_bundle`, by its hash. */
  #byHash: ReadonlyMap<string, readonly string[]> = new Map();
  #revision = 0;
  readonly #lingering: LingeringNames;
  #toldOfNames: string | undefined;
  /** Looks in a row after which something was missing. */
  #incomplete = 0;
  readonly #ending = new AbortController();
  #looking: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #polling: Promise<void> | undefined;

  private constructor(options: BundleStoreOptions) {
    this.#options = options;
    this.#lingering = new LingeringNames(options.linger);
    const { source, folder, keptZips, publicKey, limits = ARCHIVE_LIMITS, check = () => Promise.resolve(), listener } = options;
    this.#slotOptions = {
      ...{ source, folder, keptZips, publicKey, limits, check },
      signal: this.#ending.signal,
      onProblem: (name, error) => listener.onProblem(name, error),
      onWarning: (name, message) => listener.onWarning(name, message),
    };
  }

  /** Resolves when all bundles were looked at once; those that cannot be used are told to the listener. */
  static async open(options: BundleStoreOptions): Promise<BundleStore> {
    const store = new BundleStore(options);
    await store.refresh();
    store.#polling = store.#poll();
    return store;
  }

  /** Another number after each change of what `namesFor` says. */
  get revision(): number {
    return this.#revision;
  }

  bundles(): readonly LoadedBundle[] {
    return [...this.#slots.values()].flatMap(({ bundle }) => bundle ?? []);
  }

  /** The names of the bundles of a call with this `bundle_hash`; none for an API without a bundle. */
  namesFor(hash: string): readonly string[] {
    return this.#byHash.get(hash) ?? [];
  }

  /** Those of them that could not be had, and not be kept from before. */
  missingFor(hash: string): readonly string[] {
    return this.namesFor(hash).filter((name) => this.#slots.get(name)?.bundle === undefined);
  }

  /** Looks for changes: resolves when what was there at the call has been seen. */
  refresh(): Promise<void> {
    if (this.#looking === undefined) return this.#start();
    this.#next ??= this.#looking.then(() => {
      this.#next = undefined;
      return this.#start();
    });
    return this.#next;
  }

  /** May be called twice. What is fetched meanwhile is given up. */
  async close(): Promise<void> {
    this.#ending.abort();
    await Promise.all([this.#looking, this.#next, this.#polling]);
  }

  #start(): Promise<void> {
    this.#looking = this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #poll(): Promise<void> {
    const { signal } = this.#ending;
    for (;;) {
      // Rejects when the store is closed.
      await wait(this.#pause(), undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted) return;
      await this.refresh();
    }
  }

  /** Milliseconds. */
  #pause(): number {
    const interval = this.#options.interval ?? this.#options.source.interval;
    const pause = this.#incomplete === 0 ? interval : Math.min(interval, FIRST_RETRY * 2 ** (this.#incomplete - 1));
    return pause * (1 - JITTER + 2 * JITTER * Math.random());
  }

  async #look(): Promise<void> {
    if (this.#ending.signal.aborted) return;
    const found = await this.#texts();
    if (found === undefined) {
      this.#incomplete += 1;
      return;
    }
    const { wanted: texts, former } = found;
    const wanted = new Map([...texts, ...former].map((text) => [bundleHash(text), namesIn(text)]));
    if ([...wanted.keys()].join() !== [...this.#byHash.keys()].join()) this.#revision += 1;
    this.#byHash = wanted;
    const names = [...new Set(texts.flatMap(namesIn))];
    const isNew = await this.#updateAll(names);
    const isLess = await this.#removeOthers(new Set([...wanted.values()].flat()));
    this.#incomplete = names.every((name) => this.#slots.get(name)?.bundle !== undefined) ? 0 : this.#incomplete + 1;
    if (isNew || isLess) this.#tellChange();
  }

  #tellChange(): void {
    if (!this.#ending.signal.aborted) this.#options.listener.onChange(this.bundles());
  }

  /** Undefined where nobody can say: then nothing changes. */
  async #texts(): Promise<NamedTexts | undefined> {
    try {
      const named = await this.#options.names();
      const wanted = named.length > 0 ? named : ((await this.#options.source.list()) ?? []);
      this.#toldOfNames = undefined;
      return { wanted, former: this.#lingering.update(named).filter((text) => !wanted.includes(text)) };
    } catch (thrown) {
      const error = thrown instanceof BundleError ? thrown : namesUnknown(thrown);
      if (!this.#ending.signal.aborted && this.#toldOfNames !== error.message) this.#options.listener.onProblem("", error);
      this.#toldOfNames = error.message;
      return undefined;
    }
  }

  /** Whether one of them is another than before. A few at a time: a server that does not answer holds up no more than that. */
  async #updateAll(names: readonly string[]): Promise<boolean> {
    for (const name of names) if (!this.#slots.has(name)) this.#slots.set(name, new BundleSlot(name, this.#slotOptions));
    const left = [...names];
    let isNew = false;
    const work = async (): Promise<void> => {
      for (let name = left.shift(); name !== undefined; name = left.shift())
        isNew = ((await this.#slots.get(name)?.update()) ?? false) || isNew;
    };
    await Promise.all(Array.from({ length: MAX_FETCHES }, work));
    return isNew;
  }

  async #removeOthers(names: ReadonlySet<string>): Promise<boolean> {
    const others = [...this.#slots].filter(([name]) => !names.has(name));
    for (const [name, slot] of others) {
      this.#slots.delete(name);
      await slot.remove();
    }
    return others.length > 0;
  }
}

function namesUnknown(cause: unknown): BundleError {
  const reason = messageOf(cause);
  return new BundleError("TYK_BUNDLE_SOURCE", `which ones are wanted is not known: ${reason}`, { cause });
}

/** Since 5.15 a gateway takes several names, with commas between. */
function namesIn(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  return names.filter((name) => name !== "");
}
