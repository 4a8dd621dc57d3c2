// Owns the hidden names that servers use beside a socket. All but the first kind are random: every process in a container may be number 1.
import { basename, dirname, join } from "node:path";

/** The link in a shared path's folder that leads to the socket whose turn it is. */
export const NEXT_LINK = "next";

const TEMPORARY = ".ps";
const RADIX = 36;
const RANDOM_SPACE = RADIX ** 8;
/** What `mkdtemp` adds. */
const SUFFIX = /^[A-Za-z0-9]{6}$/;

/** A name for something that gets another one, or none, at once. */
export const randomName = (): string => TEMPORARY + Math.floor(Math.random() * RANDOM_SPACE).toString(RADIX);

export const isRandomName = (name: string): boolean => name.startsWith(TEMPORARY);

/** A second name of the server that had the path before, by which its successor asks for its events. */
export const formerPath = (path: string): string => join(dirname(path), `.${basename(path)}.former`);

/** A second name of the socket of who has clients wait until a server has the path. */
export const coverPath = (path: string): string => join(dirname(path), `.${basename(path)}.cover`);

/** What the names of folders begin with in which sockets get their permissions before anybody can reach them. */
export const privateFolderPrefix = (path: string): string => join(dirname(path), TEMPORARY);

/** What the names of a shared path's folders begin with. */
export const sharedFolderPrefix = (path: string): string => join(dirname(path), sharedFolderStart(path));

const sharedFolderStart = (path: string): string => `.${basename(path, ".socket")}.`;

/** Whether one part of a path is the name of a folder that a server may have made for this path. */
export function isSharedFolder(path: string, name: string): boolean {
  const start = sharedFolderStart(path);
  return name.startsWith(start) && SUFFIX.test(name.slice(start.length));
}
