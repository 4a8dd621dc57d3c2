// Says where a server's admin socket is: beside the socket that it serves, or in a folder of the user's own where it serves none.
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { CommandError, messageOf } from "../../core/model/index.js";
import { isOwnFolder, makeOneFolder } from "../../core/runtime/index.js";

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

/** Makes that folder. @throws {CommandError} where it cannot, or something is in its place that is not the user's alone. */
function makeOwnFolder(): string {
  const folder = ownFolder();
  try {
    makeOneFolder(folder, 0o700);
  } catch (error) {
    throw new CommandError(
      `the folder of the admin socket cannot be made: ${messageOf(error)}; say with TMPDIR where there is a folder for temporary files`,
    );
  }
  if (!isOwnFolder(folder)) throw new CommandError(`${folder} is not a folder of this user alone`);
  return folder;
}
