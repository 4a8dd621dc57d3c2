// Takes the files out of a zip that a stranger may have made: nothing outside, nothing twice, no more than the limits say.
import { messageOf } from "../../../core/model/index.js";
import type { Entry, ZipFile } from "yauzl";
import { BundleError } from "./errors.js";

export interface ArchiveLimits {
  /** Bytes of the zip itself. */
  readonly maxArchive: number;
  /** Bytes of all files together, as they are when inflated. */
  readonly maxInflated: number;
  /** Entries, folders included. */
  readonly maxEntries: number;
}

export const ARCHIVE_LIMITS: ArchiveLimits = { maxArchive: 67_108_864, maxInflated: 268_435_456, maxEntries: 1000 };

/** Bytes. */
const MAX_NAME = 255;
const MAX_DEPTH = 16;

/** What stat calls the kind of a file, in the upper half of the attributes that Unix writes. */
const KIND = 0o170000;
const REGULAR = 0o100000;
const FOLDER = 0o040000;

/** The files by name, in the order of the archive. @throws {BundleError} */
export async function readArchive(bytes: Buffer, limits: ArchiveLimits): Promise<ReadonlyMap<string, Buffer>> {
  if (bytes.length > limits.maxArchive) throw tooLarge(`it has ${bytes.length} bytes, and ${limits.maxArchive} are allowed`);
  // Loaded here: a server without bundles needs no zip library.
  const { fromBufferPromise } = await import("yauzl");
  try {
    const archive = await fromBufferPromise(bytes, { strictFileNames: true });
    // Yauzl reads as many, and no more.
    if (archive.entryCount > limits.maxEntries)
      throw tooLarge(`it has ${archive.entryCount} entries, and ${limits.maxEntries} are allowed`);
    return await readEntries(archive, limits);
  } catch (error) {
    if (error instanceof BundleError) throw error;
    throw new BundleError("TYK_BUNDLE_ARCHIVE", messageOf(error), { cause: error });
  }
}

async function readEntries(archive: ZipFile, limits: ArchiveLimits): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const folders = new Set<string>();
  let left = limits.maxInflated;
  for await (const entry of archive.eachEntry()) {
    const isFolder = entry.fileName.endsWith("/");
    const name = isFolder ? entry.fileName.slice(0, -1) : entry.fileName;
    checkEntry(entry, name, isFolder);
    if (files.has(name) || (!isFolder && folders.has(name))) throw refused(name, "it is there twice");
    for (const folder of foldersOf(name)) {
      if (files.has(folder)) throw refused(name, `${folder} is a file`);
      folders.add(folder);
    }
    if (isFolder) {
      folders.add(name);
      continue;
    }
    const content = await inflate(archive, entry, left, limits);
    left -= content.length;
    files.set(name, content);
  }
  return files;
}

function checkEntry(entry: Entry, name: string, isFolder: boolean): void {
  const shown = name.slice(0, MAX_NAME);
  const parts = name.split("/");
  // Yauzl refuses what leads outside; a name with a part that is empty or a dot means a file that another name means too.
  if (parts.some((part) => part === "" || part === "." || part === "..")) throw refused(shown, "its name is no plain path");
  if (/[\0-\x1f\x7f\\]/.test(name)) throw refused(JSON.stringify(shown), "its name has characters that no file needs");
  if (Buffer.byteLength(name) > MAX_NAME || parts.length > MAX_DEPTH) throw refused(shown, "its name is too long");
  const kind = (entry.externalFileAttributes >>> 16) & KIND;
  // Makers on other systems write no kind.
  if (kind !== 0 && kind !== (isFolder ? FOLDER : REGULAR)) throw refused(shown, "it is a link or a special file");
  if (entry.isEncrypted()) throw refused(shown, "it is encrypted");
  if (!entry.canDecodeFileData()) throw refused(shown, "it is compressed in a way that is not deflate");
}

function foldersOf(name: string): string[] {
  const parts = name.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** Yauzl ends a stream that gives more or less than the entry says, so no more is held than is allowed. */
async function inflate(archive: ZipFile, entry: Entry, left: number, { maxInflated }: ArchiveLimits): Promise<Buffer> {
  if (entry.uncompressedSize > left) throw tooLarge(`its files have more than ${maxInflated} bytes`);
  const chunks: Buffer[] = [];
  for await (const chunk of await archive.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const tooLarge = (detail: string): BundleError => new BundleError("TYK_BUNDLE_TOO_LARGE", detail);
const refused = (name: string, why: string): BundleError => new BundleError("TYK_BUNDLE_ENTRY", `${name}: ${why}`);
