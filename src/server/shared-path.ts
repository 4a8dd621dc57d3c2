// Owns a path behind which several sockets take turns: a link to a folder of these, in which a second link is moved on.
import { chmodSync, mkdtempSync, readlinkSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { lstat, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { folderPrefix, NEXT_LINK, removeDeadFolder, requireFreePath } from "./socket-path.js";

/** Clients have to get through to the sockets, which have permissions of their own. */
const FOLDER_MODE = 0o755;

/**
 * `NAME.socket` → `.NAME.XXXXXX/next` → `.NAME.XXXXXX/SLOT`. The outer link says whose the path is, and changes when it is taken
 * over; the inner one belongs to one server, so that moving it on never meets a takeover.
 */
export class SharedPath {
  readonly path: string;
  readonly folder: string;

  constructor(path: string, folder: string) {
    this.path = path;
    this.folder = folder;
  }

  /** Makes the folder; nobody is led to it before {@link publish}. */
  static make(path: string): SharedPath {
    const folder = mkdtempSync(folderPrefix(path));
    chmodSync(folder, FOLDER_MODE);
    return new SharedPath(path, folder);
  }

  socketOf(slot: number): string {
    return join(this.folder, String(slot));
  }

  /** Leads clients that come from now on to the socket of this slot. Any server of the path may, told apart by its own slot. */
  lead(slot: number, from: number): void {
    const link = join(this.folder, NEXT_LINK);
    if (linkTarget(link) !== String(slot)) this.#replace(link, String(slot), `${from}.link`);
  }

  /** Removes what a server that has died left at its slot. */
  drop(slot: number): void {
    rmSync(this.socketOf(slot), { force: true });
  }

  /**
   * Takes the path over.
   * @throws {ServerError} where something else than a socket is there.
   */
  async publish(): Promise<void> {
    const former = await requireFreePath(this.path);
    this.#replace(this.path, this.#target, "path.link");
    await removeDeadFolder(former);
  }

  /** Whether clients find a server there: this one, or its successor. */
  async isServed(): Promise<boolean> {
    return (await lstat(this.path).catch(() => undefined)) !== undefined;
  }

  /** Takes the path away, unless another server has it by now. */
  release(): void {
    if (linkTarget(this.path) === this.#target) rmSync(this.path, { force: true });
  }

  /** Removes the folder and what is left in it. */
  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  get #target(): string {
    return join(basename(this.folder), NEXT_LINK);
  }

  /** At no time is there no link. */
  #replace(path: string, target: string, temporaryName: string): void {
    const temporary = join(this.folder, temporaryName);
    symlinkSync(target, temporary);
    renameSync(temporary, path);
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
