// Owns one bundle of the store: fetches and verifies what is new under its name, unpacks it, and keeps the last good one.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf } from "../../../core/model/index.js";
import { bundleHash, type OpenedBundle, openBundle } from "./bundle.js";
import type { BundleSource, FetchedBundle } from "./bundle-source.js";
import { BundleError } from "./errors.js";
import type { KeptZips } from "./kept-zips.js";
import type { VerifyingKey } from "./keys.js";
import type { BundleManifest } from "./manifest.js";
import type { ArchiveLimits } from "./read-archive.js";

export interface LoadedBundle {
  readonly name: string;
  /** SHA-256 of the contents, in hex. */
  readonly digest: string;
  readonly manifest: BundleManifest;
  /** Where its files are: a plugins directory. It stays until the bundle has changed twice. */
  readonly directory: string;
}

export interface SlotOptions {
  readonly source: BundleSource;
  /** For unpacked files. */
  readonly folder: string;
  readonly keptZips: KeptZips | undefined;
  readonly publicKey: VerifyingKey | undefined;
  readonly limits: ArchiveLimits;
  /** @throws {BundleError} where the bundle cannot be used, so that the one before goes on. */
  readonly check: (bundle: LoadedBundle) => Promise<void>;
  /** Aborted when the store closes. */
  readonly signal: AbortSignal;
  readonly onProblem: (name: string, error: BundleError) => void;
  readonly onWarning: (name: string, message: string) => void;
}

/** Milliseconds that the first look may take where a zip from before is at hand: what a gateway has for one attempt. */
const FIRST_PATIENCE = 5000;

export class BundleSlot {
  readonly #name: string;
  readonly #options: SlotOptions;
  #bundle: LoadedBundle | undefined;
  /** The directory of the bundle before: its plugins may still be running. */
  #former: string | undefined;
  /** Of what was fetched last, good or not: a broken one is not fetched again and again. */
  #tag: string | undefined;
  #told: string | undefined;

  constructor(name: string, options: SlotOptions) {
    this.#name = name;
    this.#options = options;
  }

  get bundle(): LoadedBundle | undefined {
    return this.#bundle;
  }

  /** Resolves with whether there is another bundle than before. What is wrong is told. */
  async update(): Promise<boolean> {
    const kept = this.#bundle === undefined ? await this.#readKept() : undefined;
    const isNew = await this.#attempt(() => this.#fetch(kept === undefined ? undefined : FIRST_PATIENCE));
    if (isNew || kept === undefined || this.#bundle !== undefined || this.#options.signal.aborted) return isNew;
    const isRestored = await this.#attempt(() => this.#take(kept));
    if (isRestored) this.#options.onWarning(this.#name, "the last good one, which was kept on disk, is used in its place");
    return isRestored;
  }

  /** Its name is not wanted any more. */
  async remove(): Promise<void> {
    await this.#options.keptZips?.remove(this.#name);
    await removeAll([this.#bundle?.directory, this.#former]);
    this.#bundle = undefined;
  }

  #readKept(): Promise<Buffer | undefined> {
    const { keptZips, limits } = this.#options;
    return keptZips?.read(this.#name, limits.maxArchive) ?? Promise.resolve(undefined);
  }

  async #attempt(run: () => Promise<boolean>): Promise<boolean> {
    try {
      return await run();
    } catch (error) {
      this.#tell(error);
      return false;
    }
  }

  async #fetch(patience: number | undefined): Promise<boolean> {
    const { source, limits, signal } = this.#options;
    const fetched: FetchedBundle | undefined = await source.fetch(this.#name, {
      tag: this.#tag,
      limit: limits.maxArchive,
      signal: patience === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(patience)]),
    });
    if (fetched === undefined) return false;
    // What is wrong with these bytes will be wrong with them the next time.
    this.#tag = fetched.tag;
    const isNew = await this.#take(fetched.bytes);
    this.#told = undefined;
    return isNew;
  }

  /** @throws {BundleError} where it is no bundle that can be used. */
  async #take(bytes: Buffer): Promise<boolean> {
    const { publicKey, limits, check, keptZips } = this.#options;
    const opened = await openBundle(bytes, { publicKey, limits });
    if (this.#bundle?.digest === opened.digest) return false;
    const { manifest, digest } = opened;
    const bundle = { name: this.#name, digest, manifest, directory: await this.#unpack(opened) };
    try {
      await check(bundle);
    } catch (error) {
      await removeAll([bundle.directory]);
      throw error;
    }
    await removeAll([this.#former]);
    this.#former = this.#bundle?.directory;
    this.#bundle = bundle;
    await keptZips?.write(this.#name, bytes).catch((error: unknown) => this.#warnOfDisk(error));
    this.#warn(opened);
    return true;
  }

  #warn({ isSealed }: OpenedBundle): void {
    if (this.#options.publicKey === undefined || isSealed) return;
    this.#options.onWarning(
      this.#name,
      "its signature does not cover the names of its hooks: make it with pluginserver bundle -sign",
    );
  }

  #warnOfDisk(error: unknown): void {
    const reason = messageOf(error);
    this.#options.onWarning(this.#name, `it is used, and cannot be kept for the next start: ${reason}`);
  }

  #tell(thrown: unknown): void {
    if (this.#options.signal.aborted) return;
    const error =
      thrown instanceof BundleError ? thrown : new BundleError("TYK_BUNDLE_SOURCE", String(thrown), { cause: thrown });
    if (this.#told === error.message) return;
    this.#told = error.message;
    this.#options.onProblem(this.#name, error);
  }

  async #unpack({ files }: OpenedBundle): Promise<string> {
    const directory = await mkdtemp(join(this.#options.folder, `${bundleHash(this.#name)}-`));
    for (const [file, content] of files) {
      const path = join(directory, file);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content, { flag: "wx" });
    }
    return directory;
  }
}

async function removeAll(directories: readonly (string | undefined)[]): Promise<void> {
  for (const directory of directories) if (directory !== undefined) await rm(directory, { recursive: true, force: true });
}
