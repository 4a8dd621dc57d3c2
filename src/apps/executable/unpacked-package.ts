// Owns the package of an executable on the disk: modules, the compiler and the code of threads are files to Node.js.
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { getAsset, getRawAsset } from "node:sea";
import { gunzipSync } from "node:zlib";
import { messageOf } from "../../core/model/index.js";
import { isOwnFolder, makeFolder, requireOwnFolder, userCache } from "../../core/runtime/index.js";

/** As src/build/server/build-server.ts writes it. */
interface PackageList {
  /** Of all contents. */
  readonly digest: string;
  readonly files: readonly (readonly [path: string, size: number, mode: number])[];
}

const PREFIX = "server-";
const UNFINISHED = ".unpacking-";
/** What was never finished is nobody's after this long (ms). */
const ABANDONED = 3600 * 1000;

/** Absolute path of the package. @throws {Error} naming each place that cannot be used, and why. */
export function unpackedPackage(): string {
  const list = JSON.parse(getAsset("list", "utf8")) as PackageList;
  const problems: string[] = [];
  for (const place of places()) {
    try {
      makeFolder(dirname(place), 0o700);
      requireOwnFolder(place);
      const path = join(place, `${PREFIX}${list.digest}`);
      if (!isWhole(path, list)) unpack(list, path);
      return path;
    } catch (error) {
      problems.push(messageOf(error));
    }
  }
  const size = Math.ceil(list.files.reduce((sum, file) => sum + file[1], 0) / 2 ** 20);
  throw new Error(
    `it unpacks itself into a folder of its user's, which takes ${size} MB and is not to be had: ${problems.join("; ")}. Set XDG_CACHE_HOME or TMPDIR to a folder that it may write to`,
  );
}

/** A temporary folder is everybody's: the name says whose it is. */
function places(): string[] {
  const own = `pluginserver-${process.geteuid?.()}`;
  return [join(userCache(), "pluginserver"), ...[tmpdir(), "/var/tmp", "/dev/shm"].map((folder) => join(folder, own))];
}

/** What is not is unpacked anew: somebody has tidied up, or the disk was full. */
function isWhole(path: string, { files }: PackageList): boolean {
  if (!isOwnFolder(path, 0o022)) return false;
  return files.every(([name, size]) => statSync(join(path, name), { throwIfNoEntry: false })?.size === size);
}

/** Others that start at the same time do the same: the first to be done counts. */
function unpack(list: PackageList, path: string): void {
  removeAbandoned(dirname(path));
  const stage = mkdtempSync(join(dirname(path), UNFINISHED));
  try {
    writeFiles(list, stage);
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return mend(list, stage, path);
    renameSync(stage, path);
  } catch (error) {
    if (!isWhole(path, list)) throw error;
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** A server may run from it: each file is there at all times. */
function mend({ files }: PackageList, stage: string, path: string): void {
  for (const [name] of files) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    renameSync(join(stage, name), join(path, name));
  }
  chmodSync(path, 0o700);
}

function writeFiles({ files }: PackageList, folder: string): void {
  const bytes = gunzipSync(new Uint8Array(getRawAsset("package") as ArrayBuffer));
  let start = 0;
  for (const [name, size, mode] of files) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes.subarray(start, start + size), { mode });
    // Whatever the umask leaves of it.
    chmodSync(file, mode);
    start += size;
  }
}

function removeAbandoned(folder: string): void {
  for (const name of readdirSync(folder).filter((each) => each.startsWith(UNFINISHED))) {
    const path = join(folder, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found !== undefined && Date.now() - found.mtimeMs > ABANDONED) rmSync(path, { recursive: true, force: true });
  }
}
