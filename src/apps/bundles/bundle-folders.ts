// Owns the folders of a plugins directory that is made of bundles: unpacks each bundle, and has several in the directory's place in one step.
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { BundleError, openBundle, SEAL_NAME, type VerifyingKey } from "../../gateways/tyk/bundles/index.js";
import type { IndexEntry } from "./bundle-index.js";
import { BundledError } from "./errors.js";
import { diskError } from "./kept-bundles.js";
import { OwnFolder } from "./own-folder.js";

export class BundleFolders {
  readonly #own: OwnFolder;
  #generation = 0;
  #unpacked = 0;

  private constructor(own: OwnFolder) {
    this.#own = own;
  }

  get #root(): string {
    return this.#own.path;
  }

  /** @throws {BundledError} where there is no room on the disk. */
  static async open(): Promise<BundleFolders> {
    try {
      return new BundleFolders(await OwnFolder.make("pluginserver-plugins-"));
    } catch (error) {
      throw diskError(error);
    }
  }

  /** The plugins directory. */
  get directory(): string {
    return join(this.#root, "plugins");
  }

  /** Resolves with the folder, once the bundle is verified. @throws {BundledError} and leaves nothing. */
  async unpack(entry: IndexEntry, bytes: Buffer, publicKey: VerifyingKey | undefined): Promise<string> {
    const files = await verifiedFiles(entry, bytes, publicKey);
    this.#unpacked += 1;
    const folder = join(this.#root, `${entry.name}-${this.#unpacked}`);
    try {
      await mkdir(folder);
      for (const [file, content] of files) {
        await mkdir(dirname(join(folder, file)), { recursive: true });
        await writeFile(join(folder, file), content, { flag: "wx" });
      }
      return folder;
    } catch (error) {
      await this.remove(folder);
      throw diskError(error);
    }
  }

  async remove(folder: string): Promise<void> {
    await rm(folder, { recursive: true, force: true });
  }

  /** In one step: whoever reads the directory sees what was there, or all of these. @throws {BundledError} and leaves what was there. */
  async replace(folders: readonly string[]): Promise<void> {
    this.#generation += 1;
    const generation = join(this.#root, `generation ${this.#generation}`);
    try {
      await mkdir(generation);
      for (const folder of folders) await copyInto(folder, generation);
      const link = join(this.#root, "next");
      await rm(link, { force: true });
      await symlink(generation, link);
      await rename(link, this.directory);
    } catch (error) {
      await this.remove(generation);
      throw diskError(error);
    }
    // The one before may still be read.
    await this.remove(join(this.#root, `generation ${this.#generation - 2}`));
  }

  async close(): Promise<void> {
    await this.#own.remove();
  }
}

async function verifiedFiles(
  { digest }: IndexEntry,
  bytes: Buffer,
  publicKey: VerifyingKey | undefined,
): Promise<readonly (readonly [string, Buffer])[]> {
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found !== digest) throw new BundledError("BUNDLE_DIGEST", `it is sha256:${found}, and has to be sha256:${digest}`);
  const { files, isSealed } = await openBundle(bytes, { publicKey }).catch((error: unknown) => {
    if (!(error instanceof BundleError)) throw error;
    const reason = error.code === "TYK_BUNDLE_SIGNATURE" ? "signature" : "broken";
    throw new BundledError("BUNDLE_REFUSED", error.message, { cause: error, reason });
  });
  if (publicKey !== undefined && !isSealed)
    throw new BundledError("BUNDLE_REFUSED", "its signature does not cover its hooks: make it with bundle -sign", {
      reason: "signature",
    });
  return [...files].filter(([file]) => file !== SEAL_NAME);
}

/** Folders of the same name become one, files of the same name are an error: `cp` does so on Node 20, and refuses both from 22 on. */
async function copyInto(folder: string, target: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const from = join(entry.parentPath, entry.name);
    const to = join(target, relative(folder, from));
    if (entry.isDirectory()) await mkdir(to, { recursive: true });
    else await copyFile(from, to, constants.COPYFILE_EXCL);
  }
}

/** A plugin of another bundle may not be replaced. @throws {BundledError} */
export async function requireOwnNames(
  folder: string,
  others: Iterable<{ readonly name: string; readonly folder: string }>,
): Promise<void> {
  const names = new Set((await readdir(folder)).map(bareName));
  for (const { name, folder: other } of others)
    for (const plugin of (await readdir(other)).map(bareName))
      if (names.has(plugin)) throw new BundledError("BUNDLE_PLUGIN", `${plugin} is in bundle ${name} too`);
}

const bareName = (file: string): string => file.replace(/\.[cm]?[jt]s$/, "");
