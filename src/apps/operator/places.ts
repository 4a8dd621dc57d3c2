// Says where a server's admin socket is: beside the socket that it serves, or in a folder of the user's own where it serves none.
import { lstatSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { CommandError } from "../../core/model/index.js";

const ENDING = ".admin";

/** `/p/go_pluginserver.sock` → `/p/.go_pluginserver.sock.admin`. */
export const adminPathOf = (socketPath: string): string => join(dirname(socketPath), `.${basename(socketPath)}${ENDING}`);

export const isAdminPath = (path: string): boolean => /^\..+\.admin$/.test(basename(path));

/** The socket that the admin socket at this path stands beside. */
export const serverSocketOf = (adminPath: string): string =>
  join(dirname(adminPath), basename(adminPath).slice(1, -ENDING.length));

/** Where servers have their admin sockets that serve no socket of their own. */
export const ownFolder = (): string => join(tmpdir(), `pluginserver-${process.geteuid?.() ?? "user"}`);

/**
 * Of a server of Kong's socket, or, where it has none, of a Tyk address: `tcp://HOST:PORT` or `unix:///PATH`.
 * @throws {CommandError} where the user's own folder is somebody else's.
 */
export function adminPlaceOf(socketPath: string | undefined, tykAddress: string | undefined): string {
  if (socketPath !== undefined) return adminPathOf(socketPath);
  const { protocol, host, pathname } = new URL(tykAddress ?? "tcp://none");
  return protocol === "unix:"
    ? adminPathOf(pathname)
    : adminPathOf(join(makeOwnFolder(), `tyk-${host.replace(/[^\w.-]/g, "-")}`));
}

/** Not with those above it: below `/proc` Node.js 20 tries to make these for ever. */
function makeUnlessThere(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return;
    throw new CommandError(
      `the folder of the admin socket cannot be made: ${error instanceof Error ? error.message : String(error)}; say with TMPDIR where there is a folder for temporary files`,
    );
  }
}

/** Makes that folder. @throws {CommandError} where something is in its place that is not the user's alone. */
function makeOwnFolder(): string {
  const folder = ownFolder();
  makeUnlessThere(folder);
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== process.geteuid?.() || (found.mode & 0o077) !== 0)
    throw new CommandError(`${folder} is not a folder of this user alone`);
  return folder;
}
