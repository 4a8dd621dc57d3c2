// Owns a plugins directory that is made of bundles: fetches and verifies what is new, and has what is good in the directory's place in one step.
import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "pino";
import type { BundleFigures } from "../../core/telemetry/index.js";
import { ARCHIVE_LIMITS, type VerifyingKey } from "../../gateways/tyk/bundles/index.js";
import type { IndexEntry } from "./bundle-index.js";
import type { BundlesSource, LookOptions } from "./bundle-sources.js";
import { BundleFolders, requireOwnNames } from "./bundle-folders.js";
import { BundleProblems, OF_ALL } from "./bundle-problems.js";
import { BundledError } from "./errors.js";
import type { KeptBundles } from "./kept-bundles.js";
import { RefusedBundles } from "./refused-bundles.js";

export interface BundledOptions {
  readonly source: BundlesSource;
  readonly kept: KeptBundles | undefined;
  /** With one, each bundle has to be signed by its private half. */
  readonly publicKey: VerifyingKey | undefined;
  /** Milliseconds between two looks; by default what suits the source. */
  readonly interval: number | undefined;
  /** Resolves with what keeps plugins of this directory from being served. */
  readonly check: (directory: string) => Promise<readonly string[]>;
  readonly logger: Logger;
}

interface Served {
  readonly entry: IndexEntry;
  /** Where its files are. */
  readonly folder: string;
  /** Unix time in milliseconds. */
  readonly since: number;
}

const JITTER = 0.2;
/** All in milliseconds. */
const TIMEOUT = 30_000;
/** For a start that has what was kept. */
const FIRST_PATIENCE = 5000;
const FIRST_RETRY = 1000;

export class BundledPlugins {
  readonly #options: BundledOptions;
  readonly #folders: BundleFolders;
  readonly #problems: BundleProblems;
  readonly #ending = new AbortController();
  readonly #refused: RefusedBundles;
  #wanted: readonly IndexEntry[] | undefined;
  #served: ReadonlyMap<string, Served> = new Map();
  #looking: Promise<boolean> = Promise.resolve(false);
  #polling: Promise<void> | undefined;

  private constructor(options: BundledOptions, folders: BundleFolders) {
    this.#options = options;
    this.#folders = folders;
    this.#problems = new BundleProblems(options.logger);
    this.#refused = new RefusedBundles(() => this.#interval);
  }

  /** Resolves when all was looked at once; what cannot be used is logged. @throws {BundledError} where there is no room on the disk. */
  static async open(options: BundledOptions): Promise<BundledPlugins> {
    const bundled = new BundledPlugins(options, await BundleFolders.open());
    await bundled.#folders.replace([]);
    const hasKept = await bundled.#takeKept();
    await bundled.look(hasKept ? FIRST_PATIENCE : TIMEOUT);
    return bundled;
  }

  /** The plugins directory. */
  get directory(): string {
    return this.#folders.directory;
  }

  /** Whether there is anything to serve, or the index says that there is nothing. */
  get isKnown(): boolean {
    return this.#served.size > 0 || this.#wanted?.length === 0;
  }

  /** Why bundles are not as they should be. */
  get problems(): readonly string[] {
    return this.#problems.texts;
  }

  figures(): BundleFigures {
    const served = [...this.#served.values()].map(({ entry: { name, version, digest }, since }) => ({
      name,
      version,
      digest,
      since,
    }));
    return { source: this.#options.source.shown, served, failures: this.#problems.counts, problems: this.problems };
  }

  /** Looks again and again. `onChange` resolves when what is in the directory is served. */
  poll(onChange: () => Promise<unknown>): void {
    this.#polling ??= this.#poll(onChange);
  }

  /** Resolves with whether the directory has changed. */
  look(timeout = TIMEOUT): Promise<boolean> {
    this.#looking = this.#looking.then(() => this.#look({ timeout, signal: this.#ending.signal }));
    return this.#looking;
  }

  /** At an operator's wish: what was refused before is tried again. */
  readonly lookAnew = async (): Promise<void> => {
    this.#refused.clear();
    await this.look();
  };

  /** What is fetched meanwhile is given up. May be called twice. */
  async close(): Promise<void> {
    this.#ending.abort();
    await Promise.all([this.#looking, this.#polling]);
    await this.#folders.close();
  }

  async #poll(onChange: () => Promise<unknown>): Promise<void> {
    const { signal } = this.#ending;
    for (let lacking = 0; ; lacking = this.isKnown ? 0 : lacking + 1) {
      await wait(this.#pause(lacking), undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted) return;
      if (!(await this.look())) continue;
      await onChange().catch((error: unknown) => this.#problems.tell(OF_ALL, undefined, error));
    }
  }

  /** Milliseconds: servers that were started together do not ask together, and one that has nothing asks sooner. */
  #pause(lacking: number): number {
    const interval = this.#interval;
    const pause = this.isKnown ? interval : Math.min(interval, FIRST_RETRY * 2 ** lacking);
    return pause * (1 - JITTER + 2 * JITTER * Math.random());
  }

  /** Milliseconds between two looks. */
  get #interval(): number {
    return this.#options.interval ?? this.#options.source.interval;
  }

  async #look(options: LookOptions): Promise<boolean> {
    if (options.signal.aborted) return false;
    try {
      this.#wanted = (await this.#options.source.index(options)) ?? this.#wanted;
      this.#problems.solved(OF_ALL);
    } catch (error) {
      this.#tell(OF_ALL, error);
    }
    return this.#wanted === undefined ? false : this.#update(this.#wanted, (entry) => this.#fetch(entry, options));
  }

  async #takeKept(): Promise<boolean> {
    const { kept, logger, source } = this.#options;
    const entries = (await kept?.entries()) ?? [];
    if (entries.length === 0 || kept === undefined) return false;
    await this.#update(entries, async (entry) => (await kept.zip(entry, ARCHIVE_LIMITS.maxArchive)) ?? Buffer.alloc(0));
    const names = [...this.#served.values()].map(({ entry }) => `${entry.name} ${entry.version}`);
    if (names.length > 0)
      logger.info(`bundles that were kept from before: ${names.join(", ")}; looking for new ones at ${source.shown}`);
    // What is wrong with a kept one says nothing of those that are to come.
    this.#refused.clear();
    this.#problems.keepOnly(new Set());
    return this.#served.size > 0;
  }

  /** Each bundle by itself: one that cannot be used leaves the former one of its name. Resolves with whether something is new. */
  async #update(wanted: readonly IndexEntry[], get: (entry: IndexEntry) => Promise<Buffer>): Promise<boolean> {
    const next = new Map<string, Served>();
    for (const entry of wanted) {
      const former = this.#served.get(entry.name);
      if (former?.entry.digest === entry.digest) {
        next.set(entry.name, { ...former, entry });
        this.#problems.solved(entry.name);
        continue;
      }
      const served = await this.#attempt(entry, get, next);
      const stays = served ?? former;
      if (stays !== undefined) next.set(entry.name, stays);
    }
    this.#problems.keepOnly(new Set(wanted.map(({ name }) => name)));
    if (this.#ending.signal.aborted) return false;
    return this.#take(next);
  }

  async #attempt(
    entry: IndexEntry,
    get: (entry: IndexEntry) => Promise<Buffer>,
    others: ReadonlyMap<string, Served>,
  ): Promise<Served | undefined> {
    if (this.#refused.isToWait(entry.digest)) return undefined;
    let folder: string | undefined;
    try {
      const bytes = await get(entry);
      folder = await this.#folders.unpack(entry, bytes, this.#options.publicKey);
      await requireOwnNames(
        folder,
        [...others].map(([name, served]) => ({ name, folder: served.folder })),
      );
      const problems = await this.#options.check(folder);
      if (problems.length > 0) throw new BundledError("BUNDLE_PLUGIN", problems.join("; "));
      await this.#options.kept
        ?.add(entry, bytes)
        .catch((error: unknown) => this.#problems.notKept(`bundle ${entry.name} is`, error));
      this.#refused.delete(entry.digest);
      this.#problems.solved(entry.name);
      return { entry, folder, since: Date.now() };
    } catch (error) {
      if (folder !== undefined) await this.#folders.remove(folder);
      const told = this.#tell(entry.name, error);
      // A server that does not answer is asked each time; what came and was wrong, more and more seldom.
      if (told !== undefined && told.code !== "BUNDLE_FETCH") this.#refused.add(entry.digest);
      return undefined;
    }
  }

  async #fetch(entry: IndexEntry, options: LookOptions): Promise<Buffer> {
    return this.#options.source.fetch(entry, ARCHIVE_LIMITS.maxArchive, options);
  }

  async #take(next: ReadonlyMap<string, Served>): Promise<boolean> {
    const former = this.#served;
    const isNew = textOf(next, "digest") !== textOf(former, "digest");
    if (!isNew && textOf(next, "version") === textOf(former, "version")) return false;
    const folders = [...next.values()].map(({ folder }) => folder);
    try {
      if (isNew) await this.#folders.replace(folders);
    } catch (error) {
      this.#tell(OF_ALL, error);
      await this.#removeOthers(folders, former);
      return false;
    }
    this.#served = next;
    const entries = [...next.values()].map(({ entry }) => entry);
    await this.#options.kept?.keep(entries).catch((error: unknown) => this.#problems.notKept("bundles are", error));
    this.#tellChanges(former, next);
    const before = [...former.values()].map(({ folder }) => folder);
    await this.#removeOthers(before, next);
    return isNew;
  }

  async #removeOthers(folders: readonly string[], served: ReadonlyMap<string, Served>): Promise<void> {
    const kept = new Set([...served.values()].map(({ folder }) => folder));
    for (const folder of folders) if (!kept.has(folder)) await this.#folders.remove(folder);
  }

  #tellChanges(former: ReadonlyMap<string, Served>, next: ReadonlyMap<string, Served>): void {
    const { logger } = this.#options;
    for (const [name, { entry }] of next) {
      const before = former.get(name)?.entry;
      if (before?.digest === entry.digest) continue;
      const instead = before === undefined ? "" : `, in place of ${before.version}`;
      logger.info(
        { bundle: name, version: entry.version, digest: entry.digest },
        `bundle ${name} ${entry.version} is here${instead}`,
      );
    }
    for (const name of former.keys()) if (!next.has(name)) logger.info({ bundle: name }, `bundle ${name} is served no more`);
  }

  /** Undefined where it is the end that was in the way. */
  #tell(name: string, error: unknown): BundledError | undefined {
    if (this.#ending.signal.aborted) return undefined;
    return this.#problems.tell(name, this.#served.get(name)?.entry.version, error);
  }
}

const textOf = (served: ReadonlyMap<string, Served>, what: "digest" | "version"): string =>
  [...served.values()].map(({ entry }) => `${entry.name} ${entry[what]}`).join();
