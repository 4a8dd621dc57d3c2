// Opens a bundle and verifies it: all that a gateway checks, and the hook list, which a gateway's checksum does not cover.
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { isRecord } from "../../../core/model/index.js";
import { BundleError } from "./errors.js";
import type { VerifyingKey } from "./keys.js";
import { type BundleManifest, MANIFEST_NAME, parseManifest } from "./manifest.js";
import { type ArchiveLimits, ARCHIVE_LIMITS, readArchive } from "./read-archive.js";

/** The file of a bundle of ours that puts the hook list under the signature. */
export const SEAL_NAME = "pluginserver.json";

export interface OpenedBundle {
  readonly manifest: BundleManifest;
  /** What `file_list` names, by name. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** SHA-256 over names and contents, manifest included, in hex. */
  readonly digest: string;
  /** Whether the checksum covers the hook list too. */
  readonly isSealed: boolean;
}

export interface OpenOptions {
  /** With one, a bundle has to be signed by its private half. */
  readonly publicKey?: VerifyingKey | undefined;
  readonly limits?: ArchiveLimits | undefined;
}

/** What a call's `bundle_hash` is for an API whose `custom_middleware_bundle` is this text. */
export const bundleHash = (text: string): string => createHash("md5").update(text).digest("hex");

/** @throws {BundleError} saying what is wrong with it. */
export async function openBundle(bytes: Buffer, { publicKey, limits = ARCHIVE_LIMITS }: OpenOptions = {}): Promise<OpenedBundle> {
  const entries = await readArchive(bytes, limits);
  const manifestBytes = entries.get(MANIFEST_NAME);
  if (manifestBytes === undefined) throw new BundleError("TYK_BUNDLE_MANIFEST", `there is no ${MANIFEST_NAME}`);
  const manifest = parseManifest(manifestBytes);
  const files = listedFiles(entries, manifest);
  verify(Buffer.concat([...files.values()]), manifest, publicKey);
  return {
    manifest,
    files,
    digest: contentDigest([...files, [MANIFEST_NAME, manifestBytes]]),
    isSealed: checkSeal(files, manifest),
  };
}

/** SHA-256 in hex, over names and contents, each behind its length. */
export function contentDigest(files: Iterable<readonly [name: string, content: Buffer]>): string {
  const hash = createHash("sha256");
  for (const [name, content] of files) {
    const bytes = Buffer.from(name);
    hash.update(`${bytes.length} ${content.length}\n`).update(bytes).update(content);
  }
  return hash.digest("hex");
}

/** What no checksum covers could be anything: it is not in a bundle. */
function listedFiles(entries: ReadonlyMap<string, Buffer>, { fileList }: BundleManifest): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const name of fileList) {
    const content = entries.get(name);
    if (content === undefined)
      throw new BundleError("TYK_BUNDLE_MANIFEST", `file_list names ${name}, which is not in the bundle`);
    if (files.has(name) || name === MANIFEST_NAME)
      throw new BundleError("TYK_BUNDLE_MANIFEST", `file_list may not name ${name}${files.has(name) ? " twice" : ""}`);
    files.set(name, content);
  }
  for (const name of entries.keys())
    if (name !== MANIFEST_NAME && !files.has(name))
      throw new BundleError("TYK_BUNDLE_MANIFEST", `${name} is in the bundle, but not in file_list: no checksum covers it`);
  return files;
}

function verify(content: Buffer, { checksum, signature }: BundleManifest, publicKey: VerifyingKey | undefined): void {
  const found = createHash("md5").update(content).digest("hex");
  if (found !== checksum) throw new BundleError("TYK_BUNDLE_CHECKSUM", `the manifest says ${checksum}, the files give ${found}`);
  if (publicKey === undefined) return;
  if (signature === "")
    throw new BundleError("TYK_BUNDLE_SIGNATURE", "it is not signed, and -public-key asks for that: use bundle -sign");
  if (!publicKey.verify(content, signature))
    throw new BundleError("TYK_BUNDLE_SIGNATURE", "another key signed it, or other files");
}

/** @throws {BundleError} where the hook list is not the one that was signed. */
function checkSeal(files: ReadonlyMap<string, Buffer>, { customMiddleware }: BundleManifest): boolean {
  const seal = files.get(SEAL_NAME);
  if (seal === undefined) return false;
  let sealed: unknown;
  try {
    sealed = JSON.parse(seal.toString());
  } catch (error) {
    throw new BundleError("TYK_BUNDLE_MANIFEST", `${SEAL_NAME} is no JSON`, { cause: error });
  }
  if (!isRecord(sealed) || !isDeepStrictEqual(sealed["custom_middleware"], customMiddleware))
    throw new BundleError("TYK_BUNDLE_MANIFEST", "its hooks are not those that it was made with");
  return true;
}
