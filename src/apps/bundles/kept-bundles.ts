// Keeps the last good bundles on disk, for a start without the server that they are from.
import { lstat, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../../core/model/index.js";
import { isOwnFolder, makeFolder } from "../../core/runtime/index.js";
import { type IndexEntry, indexText, MAX_INDEX, parseIndex } from "./bundle-index.js";
import { BundledError } from "./errors.js";

const INDEX = "plugins.json";

export class KeptBundles {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws {BundledError} where it cannot be made, or is not this user's alone: whoever can write there says what runs here. */
  static open(folder: string): KeptBundles {
    try {
      makeFolder(folder, 0o700);
      if (!isOwnFolder(folder))
        throw new BundledError("BUNDLE_DISK", `${folder} is not a folder of this user alone: it needs its permissions 0700`);
      return new KeptBundles(folder);
    } catch (error) {
      throw error instanceof BundledError ? error : diskError(error);
    }
  }

  /** None where nothing was kept, or nothing of use. */
  async entries(): Promise<readonly IndexEntry[]> {
    const bytes = await this.#read(INDEX, MAX_INDEX);
    try {
      return bytes === undefined ? [] : parseIndex(bytes.toString());
    } catch {
      // As good as none: all is fetched again.
      return [];
    }
  }

  zip({ digest }: IndexEntry, limit: number): Promise<Buffer | undefined> {
    return this.#read(`${digest}.zip`, limit);
  }

  /** Before `keep`. A server that dies meanwhile leaves what was there. @throws {BundledError} */
  async add({ digest }: IndexEntry, bytes: Buffer): Promise<void> {
    await this.#write(`${digest}.zip`, bytes);
  }

  /** From now on it is these. @throws {BundledError} */
  async keep(entries: readonly IndexEntry[]): Promise<void> {
    await this.#write(INDEX, Buffer.from(indexText(entries)));
    const wanted = new Set([INDEX, ...entries.map(({ digest }) => `${digest}.zip`)]);
    for (const name of await readdir(this.#folder))
      if (!wanted.has(name)) await rm(join(this.#folder, name), { recursive: true, force: true });
  }

  async #read(name: string, limit: number): Promise<Buffer | undefined> {
    const path = join(this.#folder, name);
    try {
      const found = await lstat(path);
      return found.isFile() && found.size <= limit ? await readFile(path) : undefined;
    } catch {
      // It is not there, or of no use: it is fetched again all the same.
      return undefined;
    }
  }

  async #write(name: string, bytes: Buffer): Promise<void> {
    const path = join(this.#folder, name);
    const fresh = `${path}.${process.pid}`;
    try {
      await writeFile(fresh, bytes, { mode: 0o600 });
      await rename(fresh, path);
    } catch (error) {
      await rm(fresh, { force: true }).catch(() => {});
      throw diskError(error);
    }
  }
}

export const diskError = (error: unknown): BundledError => new BundledError("BUNDLE_DISK", messageOf(error), { cause: error });
