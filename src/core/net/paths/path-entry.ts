// Owns what is done at a path with the file system alone, without following a link: looking, putting in place, taking away.
import { linkSync, lstatSync, readlinkSync, renameSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { SocketError } from "../errors.js";
import { coverPath, formerPath, isSharedFolder, NEXT_LINK, randomName } from "./hidden-names.js";

/** Undefined where nothing is there. A socket's is not given to another file while the socket is open. */
export const inodeAt = (path: string): bigint | undefined => lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino;

export function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    // It is no link, or not there.
    return undefined;
  }
}

/**
 * What may stand at a path that a server takes: nothing, a socket, or a link to sockets that take turns (see shared-path.ts).
 * Returns the folder of these, where it is such a link.
 * @throws {SocketError} where something stands there that no server has made.
 */
export function requireFreePath(path: string): string | undefined {
  const existing = lstatSync(path, { throwIfNoEntry: false });
  if (existing === undefined || existing.isSocket()) return undefined;
  const folder = sharedFolder(path);
  if (folder !== undefined) return folder;
  throw new SocketError("SERVER_NOT_A_SOCKET", `${path}; it is left alone, use -socket for another path or move it away`);
}

/** One part of a path, beside the link: whoever can make a link must not choose what else is looked into. */
function sharedFolder(path: string): string | undefined {
  const [name = "", next, ...rest] = linkTarget(path)?.split("/") ?? [];
  return next === NEXT_LINK && rest.length === 0 && isSharedFolder(path, name) ? join(dirname(path), name) : undefined;
}

/**
 * Takes away what is at `path` if it is ours. It is moved aside first, and then looked at: between a look and a removal, another
 * server may put its own there.
 */
export function release(path: string, isOurs: (path: string) => boolean): "removed" | "taken over" {
  if (inodeAt(path) === undefined) return "removed";
  if (!isOurs(path)) return "taken over";
  const aside = join(dirname(path), randomName());
  if (!rename(path, aside)) return "removed";
  if (isOurs(aside)) {
    unlinkSync(aside);
    return "removed";
  }
  putBack(aside, path);
  return "taken over";
}

/** False where nothing is there. */
function rename(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (isError(error, "ENOENT")) return false;
    throw error;
  }
}

/** What a third server has put there by now stays. */
function putBack(aside: string, path: string): void {
  try {
    linkSync(aside, path);
  } catch (error) {
    // A file system without hard links, or another user's file.
    if (!isError(error, "EEXIST")) return renameSync(aside, path);
  }
  unlinkSync(aside);
}

/** Gives what is at the path, and is about to be replaced, a name by which its successor finds it. */
export function keepFormer(path: string): void {
  if (!isCovered(path)) giveSecondName(path, formerPath(path));
}

/** Whoever has the name loses it. Where nothing is at the path, or the file system has no hard links, nothing gets it. */
export function giveSecondName(path: string, name: string): void {
  const temporary = join(dirname(path), randomName());
  try {
    linkSync(path, temporary);
    renameSync(temporary, name);
  } catch {
    // Who looks for the name does without.
  }
  // Still there where the name was its own already.
  removeIfThere(temporary);
}

/** Whether whoever is at the path only has clients wait there. */
function isCovered(path: string): boolean {
  const cover = inodeAt(coverPath(path));
  return cover !== undefined && cover === inodeAt(path);
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Nothing is left of it.
  }
}

export const isError = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;
