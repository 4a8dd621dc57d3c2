// Owns the folder on the disk in which compiled plugins are kept: only this user's, bounded, and never an error to its users.
import { randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { messageOf } from "../../model/index.js";
import { makeFolder, requireOwnFolder } from "../../runtime/index.js";

/** Bytes of all entries together, and of one. */
const MAX_TOTAL = 256 * 2 ** 20;
const MAX_ENTRY = 32 * 2 ** 20;
/** Where the limit is passed, this part of it stays. */
const KEPT_SHARE = 0.75;
/** An entry that was used is marked as used at most so often: in milliseconds. */
const MARK_INTERVAL = 24 * 3600 * 1000;
/** A file that was never finished is nobody's after this long (ms). */
const ABANDONED = 3600 * 1000;

/** Entries that are looked at without a pause. */
const AT_ONCE = 100;

const UNFINISHED = ".new";
/** An entry that is open: nothing can be put in its place while it is read. */
export interface OpenEntry {
  readonly size: number;
  /** Bytes from `start`, as many as there are up to `end`. */
  read(start: number, end: number): Buffer;
}

export class CacheFolder {
  readonly #path: string;
  readonly #maxTotal: number;

  private constructor(path: string, maxTotal: number) {
    this.#path = path;
    this.#maxTotal = maxTotal;
  }

  /**
   * Opens the folder at this path, whose parent is of this program too; both are made where they are not there, for this user
   * alone. @throws {Error} saying why nothing can be kept there.
   */
  static open(path: string, maxTotal = MAX_TOTAL): CacheFolder {
    makeFolder(dirname(dirname(path)), 0o700);
    for (const folder of [dirname(path), path]) requireOwnFolder(folder);
    const { mode } = lstatSync(path);
    if ((mode & 0o077) !== 0) throw new Error(`${path} is open to others (mode ${(mode & 0o777).toString(8)}): chmod 700 it`);
    return new CacheFolder(path, maxTotal);
  }

  /** What `use` makes of the entry; undefined where there is none that is this user's own file. */
  read<Result>(name: string, use: (entry: OpenEntry) => Result | undefined): Result | undefined {
    let file: number | undefined;
    try {
      const path = join(this.#path, name);
      file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      const { size, uid, mtimeMs, isPlain } = describe(file);
      if (!isPlain || uid !== process.geteuid?.() || size > MAX_ENTRY) return undefined;
      const descriptor = file;
      const found = use({ size, read: (start, end) => readPart(descriptor, start, Math.min(end, size)) });
      if (found !== undefined && Date.now() - mtimeMs > MARK_INTERVAL) utimesSync(path, new Date(), new Date());
      return found;
    } catch {
      // It is not there, or not to be read: the plugin is compiled.
      return undefined;
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }

  /** Takes the place of the entry of this name at once. Returns why it could not be kept, where it could not. */
  write(name: string, content: Buffer): string | undefined {
    if (content.length > MAX_ENTRY) return undefined;
    const unfinished = join(this.#path, `${name}.${randomUUID()}${UNFINISHED}`);
    try {
      writeFileSync(unfinished, content, { flag: "wx", mode: 0o600 });
      renameSync(unfinished, join(this.#path, name));
      return undefined;
    } catch (error) {
      removeFile(unfinished);
      return messageOf(error);
    }
  }

  /** Keeps within the limit of size: entries that were unused for longest go first. */
  async evict(): Promise<void> {
    const now = Date.now();
    const entries = await this.#list();
    for (const { path } of entries.filter(({ path, used }) => path.endsWith(UNFINISHED) && now - used > ABANDONED))
      removeFile(path);
    let total = entries.reduce((sum, { size }) => sum + size, 0);
    if (total <= this.#maxTotal) return;
    for (const { path, size } of entries.sort((a, b) => a.used - b.used)) {
      if (total <= this.#maxTotal * KEPT_SHARE) return;
      removeFile(path);
      total -= size;
    }
  }

  /** A few at a time: calls wait meanwhile. */
  async #list(): Promise<{ path: string; size: number; used: number }[]> {
    const names = await readdir(this.#path).catch((): string[] => []);
    const entries: { path: string; size: number; used: number }[] = [];
    for (const [index, name] of names.entries()) {
      const path = join(this.#path, name);
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat !== undefined) entries.push({ path, size: stat.size, used: stat.mtimeMs });
      if (index % AT_ONCE === AT_ONCE - 1) await setImmediate();
    }
    return entries;
  }
}

function describe(file: number): { size: number; uid: number; mtimeMs: number; isPlain: boolean } {
  const stat = fstatSync(file);
  return { size: stat.size, uid: stat.uid, mtimeMs: stat.mtimeMs, isPlain: stat.isFile() };
}

function readPart(file: number, start: number, end: number): Buffer {
  const bytes = Buffer.allocUnsafe(Math.max(0, end - start));
  let length = 0;
  while (length < bytes.length) {
    const read = readSync(file, bytes, length, bytes.length - length, start + length);
    if (read === 0) break;
    length += read;
  }
  return bytes.subarray(0, length);
}

function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Another server was first, or it was never there.
  }
}
