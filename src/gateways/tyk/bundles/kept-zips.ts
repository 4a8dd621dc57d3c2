// Keeps the last good zip of each bundle on disk, for a start at which the place where bundles are from is not there.
import { readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../../../core/runtime/index.js";
import { bundleHash } from "./bundle.js";

const ENDING = ".zip";
/** Milliseconds: a zip that no server has used for so long is removed. */
const MAX_AGE = 30 * 86_400_000;

export class KeptZips {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws where the folder cannot be made. Whoever can write in it is trusted as far as bundles are not signed. */
  static async open(folder: string): Promise<KeptZips> {
    makeFolder(folder, 0o700);
    const kept = new KeptZips(folder);
    await kept.#removeOld();
    return kept;
  }

  /** Undefined where there is none. */
  async read(name: string, limit: number): Promise<Buffer | undefined> {
    const path = this.#pathOf(name);
    try {
      if ((await stat(path)).size > limit) return undefined;
      const bytes = await readFile(path);
      const now = new Date();
      await utimes(path, now, now);
      return bytes;
    } catch {
      // It is not there, or of no use: the bundle is fetched again all the same.
      return undefined;
    }
  }

  /** Replaces it in one step: a server that dies meanwhile leaves the former one. */
  async write(name: string, bytes: Buffer): Promise<void> {
    const path = this.#pathOf(name);
    const fresh = `${path}.${process.pid}`;
    await writeFile(fresh, bytes, { mode: 0o600 });
    await rename(fresh, path);
  }

  async remove(name: string): Promise<void> {
    await rm(this.#pathOf(name), { force: true });
  }

  #pathOf(name: string): string {
    return join(this.#folder, `${bundleHash(name)}${ENDING}`);
  }

  async #removeOld(): Promise<void> {
    const oldest = Date.now() - MAX_AGE;
    for (const name of await readdir(this.#folder)) {
      if (!name.includes(ENDING)) continue;
      const path = join(this.#folder, name);
      const found = await stat(path).catch(() => undefined);
      if (found !== undefined && found.mtimeMs < oldest) await rm(path, { force: true });
    }
  }
}
