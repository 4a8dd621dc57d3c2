// What may stand at a path that a server takes: nothing, a socket, or a link to sockets that take turns (see shared-path.ts).
import { lstat, readlink, rm } from "node:fs/promises";
import { connect } from "node:net";
import { basename, dirname, join } from "node:path";
import { ServerError } from "./errors.js";

/** The link in a shared path's folder that leads to the socket whose turn it is. */
export const NEXT_LINK = "next";

/** What the names of a shared path's folders begin with. */
export const folderPrefix = (path: string): string => join(dirname(path), `.${basename(path, ".socket")}.`);

/**
 * Resolves with the folder of the sockets that take turns there, where the path is such a link.
 * @throws {ServerError} where something stands there that no server has made.
 */
export async function requireFreePath(path: string): Promise<string | undefined> {
  const existing = await lstat(path).catch(() => undefined);
  const folder = await sharedFolder(path);
  if (existing === undefined || existing.isSocket() || folder !== undefined) return folder;
  throw new ServerError("SERVER_NOT_A_SOCKET", `${path}; it is left alone, use -socket for another path or move it away`);
}

async function sharedFolder(path: string): Promise<string | undefined> {
  const target = await readlink(path).catch(() => undefined);
  if (target === undefined || basename(target) !== NEXT_LINK) return undefined;
  const folder = join(dirname(path), dirname(target));
  return folder.startsWith(folderPrefix(path)) ? folder : undefined;
}

/** Removes what a server that was killed has left. One that still runs, which a connection finds out, removes its own. */
export async function removeDeadFolder(folder: string | undefined): Promise<void> {
  if (folder === undefined) return;
  const isDead = await new Promise<boolean>((resolve) => {
    const socket = connect(join(folder, NEXT_LINK));
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code === "ECONNREFUSED" || code === "ENOENT"));
  });
  if (isDead) await rm(folder, { recursive: true, force: true });
}
