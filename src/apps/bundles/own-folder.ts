// Owns a temporary folder of this process, and removes those that killed processes left.
import { lstat, mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isServed } from "../../core/net/index.js";
import { isOwnFolder } from "../../core/runtime/index.js";

/**
 * In the folder a socket listens for as long as its process lives. Unlike a process id it means the same in each container that shares the
 * folder's disk, and it is free as soon as the process is gone, however that ended.
 */
const ALIVE = "alive";

export class OwnFolder {
  readonly path: string;
  readonly #alive: Server;

  private constructor(path: string, alive: Server) {
    this.path = path;
    this.#alive = alive;
  }

  /** Makes one whose name begins with `prefix`. Others' of that name whose process is gone are removed. */
  static async make(prefix: string): Promise<OwnFolder> {
    await removeLeft(prefix);
    const path = await mkdtemp(join(tmpdir(), prefix));
    const alive = createServer((connection) => connection.destroy()).unref();
    // Where the path is too long for a socket, the folder is not known for a leftover later.
    alive.on("error", () => {});
    alive.listen(join(path, ALIVE));
    return new OwnFolder(path, alive);
  }

  async remove(): Promise<void> {
    this.#alive.close();
    await rm(this.path, { recursive: true, force: true });
  }
}

/** What cannot be looked at, or removed, stays. */
async function removeLeft(prefix: string): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => []);
  for (const name of names) {
    const folder = join(tmpdir(), name);
    if (name.startsWith(prefix) && (await isLeft(folder).catch(() => false)))
      await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

/** No link is followed, and nothing is looked into that others could have put there. */
async function isLeft(folder: string): Promise<boolean> {
  if (!isOwnFolder(folder)) return false;
  const alive = join(folder, ALIVE);
  return (await lstat(alive)).isSocket() && !(await isServed(alive));
}
