// Keeps the bundles that a server loads its plugins from: looks for new ones, verifies and unpacks them, keeps the last good one.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { bundleHash, type OpenedBundle, openBundle } from "./bundle.js";
import type { BundleSource, FetchedBundle } from "./bundle-source.js";
import { BundleError } from "./errors.js";
import type { VerifyingKey } from "./keys.js";
import type { BundleManifest } from "./manifest.js";
import { type ArchiveLimits, ARCHIVE_LIMITS } from "./read-archive.js";

export interface LoadedBundle {
  readonly name: string;
  /** SHA-256 of the contents, in hex. */
  readonly digest: string;
  readonly manifest: BundleManifest;
  /** Where its files are: a plugins directory. It stays until the bundle has changed twice. */
  readonly directory: string;
}

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
   * gives none, a folder's bundles are all that are in it.
   */
  readonly names: () => readonly string[];
  /** For unpacked files; whoever gives it removes it after `close`. */
  readonly folder: string;
  readonly publicKey?: VerifyingKey | undefined;
  readonly limits?: ArchiveLimits | undefined;
  /** Milliseconds between two looks. */
  readonly interval?: number | undefined;
  readonly listener: BundleListener;
}

interface Kept {
  readonly bundle: LoadedBundle;
  /** The directory of the bundle before: its plugins may still be running. */
  readonly former: string | undefined;
}

export class BundleStore {
  readonly #options: BundleStoreOptions;
  readonly #limits: ArchiveLimits;
  readonly #kept = new Map<string, Kept>();
  /** The bundles of each text of `custom_middleware_bundle`, by its hash. */
  #byHash: ReadonlyMap<string, readonly string[]> = new Map();
  /** Of what was fetched last, good or not: a broken one is not fetched again and again. */
  readonly #tags = new Map<string, string | undefined>();
  readonly #told = new Map<string, string>();
  readonly #ending = new AbortController();
  #looking: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #polling: Promise<void> | undefined;

  private constructor(options: BundleStoreOptions) {
    this.#options = options;
    this.#limits = options.limits ?? ARCHIVE_LIMITS;
  }

  /** Resolves when all bundles were looked at once; those that cannot be used are told to the listener. */
  static async open(options: BundleStoreOptions): Promise<BundleStore> {
    const store = new BundleStore(options);
    await store.refresh();
    store.#polling = store.#poll();
    return store;
  }

  bundles(): readonly LoadedBundle[] {
    return [...this.#kept.values()].map(({ bundle }) => bundle);
  }

  /** The bundles of a call with this `bundle_hash`; none for an API without a bundle. */
  forHash(hash: string): readonly LoadedBundle[] {
    return (this.#byHash.get(hash) ?? []).flatMap((name) => this.#kept.get(name)?.bundle ?? []);
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
    const interval = this.#options.interval ?? this.#options.source.interval;
    for (;;) {
      // Rejects when the store is closed.
      await wait(interval, undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted) return;
      await this.refresh();
    }
  }

  async #look(): Promise<void> {
    const texts = await this.#texts();
    if (texts === undefined) return;
    const wanted = new Map(texts.map((text) => [bundleHash(text), namesIn(text)]));
    const names = new Set([...wanted.values()].flat());
    this.#byHash = wanted;
    let isChanged = false;
    for (const name of names) isChanged = (await this.#update(name)) || isChanged;
    for (const [name, { bundle, former }] of this.#kept) {
      if (names.has(name)) continue;
      this.#kept.delete(name);
      this.#tags.delete(name);
      await this.#remove([bundle.directory, former]);
      isChanged = true;
    }
    if (isChanged && !this.#ending.signal.aborted) this.#options.listener.onChange(this.bundles());
  }

  /** Undefined where the source cannot say: then nothing changes. */
  async #texts(): Promise<readonly string[] | undefined> {
    const named = this.#options.names();
    if (named.length > 0) return named;
    try {
      const listed = await this.#options.source.list();
      this.#told.delete("");
      return listed ?? [];
    } catch (error) {
      this.#tell("", error);
      return undefined;
    }
  }

  /** Whether there is another bundle of this name than before. */
  async #update(name: string): Promise<boolean> {
    const kept = this.#kept.get(name);
    try {
      const fetched = await this.#options.source.fetch(name, {
        tag: this.#tags.get(name),
        limit: this.#limits.maxArchive,
        signal: this.#ending.signal,
      });
      if (fetched === undefined) return false;
      const opened = await this.#open(name, fetched);
      this.#told.delete(name);
      if (kept?.bundle.digest === opened.digest) return false;
      const { manifest, digest } = opened;
      const directory = await this.#unpack(name, opened);
      this.#kept.set(name, { bundle: { name, digest, manifest, directory }, former: kept?.bundle.directory });
      await this.#remove([kept?.former]);
      this.#warn(name, opened);
      return true;
    } catch (error) {
      this.#tell(name, error);
      return false;
    }
  }

  async #open(name: string, { bytes, tag }: FetchedBundle): Promise<OpenedBundle> {
    // What is wrong with these bytes will be wrong with them the next time.
    this.#tags.set(name, tag);
    return openBundle(bytes, { publicKey: this.#options.publicKey, limits: this.#limits });
  }

  #warn(name: string, { isSealed }: OpenedBundle): void {
    if (this.#options.publicKey === undefined || isSealed) return;
    this.#options.listener.onWarning(
      name,
      "its signature does not cover the names of its hooks: make it with pluginserver bundle -sign",
    );
  }

  #tell(name: string, thrown: unknown): void {
    if (this.#ending.signal.aborted) return;
    const error =
      thrown instanceof BundleError ? thrown : new BundleError("TYK_BUNDLE_SOURCE", String(thrown), { cause: thrown });
    if (this.#told.get(name) === error.message) return;
    this.#told.set(name, error.message);
    this.#options.listener.onProblem(name, error);
  }

  async #unpack(name: string, { files }: OpenedBundle): Promise<string> {
    const directory = await mkdtemp(join(this.#options.folder, `${bundleHash(name)}-`));
    for (const [file, content] of files) {
      const path = join(directory, file);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content, { flag: "wx" });
    }
    return directory;
  }

  async #remove(directories: readonly (string | undefined)[]): Promise<void> {
    for (const directory of directories) if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  }
}

/** Since 5.15 a gateway takes several names, with commas between. */
function namesIn(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  return names.filter((name) => name !== "");
}
