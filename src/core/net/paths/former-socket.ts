// Keeps the socket that a new server takes the place of, until it is known whether that server starts at all.
import { linkSync, lstatSync, renameSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { randomName } from "./hidden-names.js";
import { inodeAt } from "./path-entry.js";
import { isServed } from "./short-path.js";

export class FormerSocket {
  readonly #path: string;
  #aside: string | undefined;

  private constructor(path: string, aside: string | undefined) {
    this.#path = path;
    this.#aside = aside;
  }

  /** Gives the socket at the path a second name. Where that cannot be, there is nothing to put back later. */
  static keep(path: string): FormerSocket {
    const aside = join(dirname(path), randomName());
    try {
      if (lstatSync(path).isSocket()) {
        linkSync(path, aside);
        return new FormerSocket(path, aside);
      }
    } catch {
      // Nothing is there, another user's file, or a file system without hard links.
    }
    return new FormerSocket(path, undefined);
  }

  /** Puts it back where its server still runs and the path is that of the server that took its place, by its inode. */
  async restore(successor: bigint | undefined): Promise<void> {
    const aside = this.#aside;
    if (aside === undefined) return;
    if ((await isServed(aside)) && inodeAt(this.#path) === successor) {
      this.#aside = undefined;
      renameSync(aside, this.#path);
    } else this.drop();
  }

  /** May be called twice. */
  drop(): void {
    const aside = this.#aside;
    this.#aside = undefined;
    try {
      if (aside !== undefined) unlinkSync(aside);
    } catch {
      // Somebody else has removed it.
    }
  }
}
