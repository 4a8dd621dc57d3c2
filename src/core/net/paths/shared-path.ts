// Owns a path behind which several sockets take turns: a link to a folder of these, in which a second link is moved on.
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, renameSync, statSync, symlinkSync, unlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { formerPath, NEXT_LINK, randomName, sharedFolderPrefix } from "./hidden-names.js";
import { isError, keepFormer, linkTarget, release, requireFreePath } from "./path-entry.js";
import { type PathChange, PathWatch } from "./path-watch.js";
import { removeDeadFolder, removeDeadFormer, removeFolder } from "./shared-folder.js";

/** Clients have to get through to the sockets, which have permissions of their own. */
const FOLDER_MODE = 0o755;

/**
 * `NAME.socket` → `.NAME.XXXXXX/next` → `.NAME.XXXXXX/SLOT`. The outer link says whose the path is, and changes when it is taken
 * over; the inner one belongs to one server, so that moving it on never meets a takeover.
 */
export class SharedPath {
  readonly path: string;
  readonly folder: string;
  #watch: PathWatch | undefined;

  constructor(path: string, folder: string) {
    this.path = path;
    this.folder = folder;
  }

  /** Makes the folder; nobody is led to it before {@link publish}. */
  static make(path: string): SharedPath {
    const folder = mkdtempSync(sharedFolderPrefix(path));
    chmodSync(folder, FOLDER_MODE);
    return new SharedPath(path, folder);
  }

  socketOf(slot: number): string {
    return join(this.folder, String(slot));
  }

  /** Leads clients that come from now on to the socket of this slot. Any server of the path may. */
  lead(slot: number): void {
    const link = join(this.folder, NEXT_LINK);
    if (linkTarget(link) !== String(slot)) this.#replace(link, String(slot));
  }

  /** Removes what a server that has died left at its slot. */
  drop(slot: number): void {
    try {
      unlinkSync(this.socketOf(slot));
    } catch (error) {
      if (!isError(error, "ENOENT")) throw error;
    }
  }

  /**
   * Takes the path over.
   * @throws {SocketError} where something else than a socket is there.
   */
  async publish(): Promise<void> {
    const former = requireFreePath(this.path);
    keepFormer(this.path);
    this.#replace(this.path, this.#target);
    await removeDeadFolder(former);
    await removeDeadFormer(this.path);
  }

  /** Checks from now on that the path leads here. `relead` has the inner link set again, and the sockets it may lead to. */
  watch(relead: () => void, onChange: (change: PathChange) => void): void {
    this.#watch = new PathWatch({
      path: this.path,
      look: () => this.#look(),
      restore: async () => {
        mkdirSync(this.folder, { recursive: true, mode: FOLDER_MODE });
        if (linkTarget(this.path) !== this.#target) await this.publish();
        relead();
      },
      onChange,
    });
  }

  /** Whether clients find a server there: this one, or its successor. */
  isServed(): boolean {
    return lstatSync(this.path, { throwIfNoEntry: false }) !== undefined;
  }

  /** Takes the path away, unless another server has it by now. */
  release(): void {
    this.#watch?.end();
    for (const path of [this.path, formerPath(this.path)]) release(path, (at) => linkTarget(at) === this.#target);
  }

  /** Removes the folder and what is left in it. */
  remove(): void {
    removeFolder(this.folder);
  }

  get #target(): string {
    return join(basename(this.folder), NEXT_LINK);
  }

  #look(): "ours" | "gone" | "another's" {
    if (lstatSync(this.path, { throwIfNoEntry: false }) === undefined) return "gone";
    if (linkTarget(this.path) !== this.#target) return "another's";
    return statSync(this.path, { throwIfNoEntry: false }) === undefined ? "gone" : "ours";
  }

  /** At no time is there no link. */
  #replace(path: string, target: string): void {
    const temporary = join(this.folder, randomName());
    symlinkSync(target, temporary);
    renameSync(temporary, path);
  }
}
