// Removes what dead servers left beside a path: only what servers put there, only where it is ours, and nothing that a link leads to.
import { closeSync, fstatSync, lstatSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { formerPath, isRandomName, NEXT_LINK } from "./hidden-names.js";
import { inodeAt, release } from "./path-entry.js";
import { inFolder, isServed, openFolder } from "./short-path.js";

const SLOT = /^\d+$/;

/** What a server that was killed has left. One that still runs, which a connection finds out, removes its own. */
export async function removeDeadFolder(folder: string | undefined): Promise<void> {
  if (folder !== undefined && !(await isServed(join(folder, NEXT_LINK)))) removeFolder(folder);
}

/** The second name of a predecessor that cannot be asked for its events. One that still runs removes its own. */
export async function removeDeadFormer(path: string): Promise<void> {
  const former = formerPath(path);
  try {
    const inode = inodeAt(former);
    if (inode === undefined || (await isServed(former))) return;
    // By now it may be the name of another one.
    release(former, (entry) => inodeAt(entry) === inode);
  } catch {
    // Another user's: it leads nobody anywhere.
  }
}

/** What is not ours stays, and with it the folder. */
export function removeFolder(folder: string): void {
  try {
    removeEntries(folder);
    rmdirSync(folder);
  } catch {
    // It is gone already, a link, another user's, or there is something in it that no server puts there: nobody is led to it.
  }
}

function removeEntries(folder: string): void {
  // By descriptor: the name could become a link between two steps.
  const descriptor = openFolder(folder);
  try {
    if (fstatSync(descriptor).uid !== process.geteuid?.()) return;
    for (const name of readdirSync(inFolder(descriptor))) {
      if (name === NEXT_LINK || SLOT.test(name) || isRandomName(name)) removeEntry(inFolder(descriptor, name));
    }
  } finally {
    closeSync(descriptor);
  }
}

function removeEntry(path: string): void {
  const entry = lstatSync(path);
  // In which a socket was about to get its permissions when its server was killed.
  if (entry.isDirectory()) removeFolder(path);
  else if (entry.isSocket() || entry.isSymbolicLink()) unlinkSync(path);
}
