// Owns the server's socket file: takes the path over without a gap, keeps it, and removes it only while it is still ours.
import { chmodSync, mkdtempSync, renameSync, rmdirSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { messageOf } from "../model/index.js";
import { SocketError } from "./errors.js";
import { formerPath, privateFolderPrefix, randomName } from "./paths/hidden-names.js";
import { inodeAt, keepFormer, release, requireFreePath } from "./paths/path-entry.js";
import { type PathChange, PathWatch } from "./paths/path-watch.js";
import { removeDeadFolder, removeDeadFormer } from "./paths/shared-folder.js";
import { isShort, MAX_PATH_BYTES, withShortPath } from "./paths/short-path.js";

const BACKLOG = 1024;

export interface UnixSocketOptions {
  readonly path: string;
  /** Permission bits of the socket file. */
  readonly mode: number;
  readonly onConnection: (socket: Socket) => void;
  /** A connection could not be accepted: descriptors or memory have run out. */
  readonly onError: (error: Error) => void;
  /** Something else than this server has changed what the path leads to. */
  readonly onPathChange?: (change: PathChange) => void;
  /** Clients come through a link: only the length of that one's path matters. */
  readonly isBehindLink?: boolean;
  /** Asked at the last moment whether what is at the path may be replaced; by default it may. */
  readonly mayReplace?: () => boolean;
  /** What to do about a path that is too long, for the message. */
  readonly remedy?: string;
  /** Leaves what clients send unread, for whoever gets the connections. */
  readonly pauseOnConnect?: boolean;
}

/** Takes no new connections from its close on, and says whether another server has the path by then. */
export interface ListeningSocket {
  close(): Promise<"removed" | "taken over">;
  /** Looks now whether its path still leads to it, and tells before it resolves. A socket without a path has nothing to look at. */
  checkPath?(): Promise<void>;
}

export type Listen = (options: UnixSocketOptions) => Promise<ListeningSocket>;

interface Bound {
  readonly server: Server;
  readonly inode: bigint;
}

export class UnixSocket implements ListeningSocket {
  readonly #options: UnixSocketOptions;
  readonly #watch: PathWatch;
  #bound: Bound;
  #end: "removed" | "taken over" | undefined;

  private constructor(options: UnixSocketOptions, bound: Bound) {
    const { path, onPathChange } = options;
    this.#options = options;
    this.#bound = bound;
    this.#watch = new PathWatch({
      path,
      look: () => this.#look(),
      restore: () => this.#restore(),
      onChange: (change) => onPathChange?.(change),
    });
  }

  /**
   * Listens on `path`. A server that still runs there keeps its connections and gets no new ones: a gateway's reload
   * starts the new server while the old one runs.
   * @throws {SocketError} with the path and the reason.
   */
  static async listen(options: UnixSocketOptions): Promise<UnixSocket> {
    const { path, isBehindLink = false, remedy = "use a shorter one" } = options;
    if (!isBehindLink) requireShortPath(path, remedy);
    const former = requireFreePath(path);
    try {
      const bound = await bind(options);
      await removeDeadFolder(former);
      await removeDeadFormer(path);
      return new UnixSocket(options, bound);
    } catch (error) {
      throw new SocketError("SERVER_CANNOT_LISTEN", `${path}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  /**
   * Takes no new connections. The file goes unless another server has taken the path over, which is told. May be called
   * twice.
   */
  close(): Promise<"removed" | "taken over"> {
    this.#end ??= this.#close();
    return Promise.resolve(this.#end);
  }

  checkPath(): Promise<void> {
    return this.#watch.check();
  }

  #close(): "removed" | "taken over" {
    this.#watch.end();
    const { server, inode } = this.#bound;
    try {
      // Before its server is closed: the inode of a socket that is closed may be another file's.
      const isOurs = (path: string): boolean => inodeAt(path) === inode;
      const end = release(this.#options.path, isOurs);
      // After that no successor can give it this name any more.
      release(formerPath(this.#options.path), isOurs);
      return end;
    } catch {
      // The file stays where the folder takes no changes any more: the next server replaces it.
      return "removed";
    } finally {
      server.close();
    }
  }

  #look(): "ours" | "gone" | "another's" {
    const inode = inodeAt(this.#options.path);
    if (inode === undefined) return "gone";
    return inode === this.#bound.inode ? "ours" : "another's";
  }

  async #restore(): Promise<void> {
    const { path } = this.#options;
    requireFreePath(path);
    const fresh = await bind(this.#options);
    if (this.#end !== undefined) {
      release(path, (entry) => inodeAt(entry) === fresh.inode);
      fresh.server.close();
      return;
    }
    this.#bound.server.close();
    this.#bound = fresh;
  }
}

/**
 * Clients cannot connect to a longer one.
 * @throws {SocketError}
 */
export function requireShortPath(path: string, remedy: string): void {
  if (isShort(path)) return;
  throw new SocketError(
    "SERVER_SOCKET_PATH_TOO_LONG",
    `${path} needs ${Buffer.byteLength(path)} bytes, ${MAX_PATH_BYTES} are allowed; ${remedy}`,
  );
}

/**
 * Listens in a folder that nobody else can enter, gives the socket its permissions there, and only then moves it into place: nobody
 * meets a socket that is missing, or one that everybody may open. And Node.js removes the name it bound when the server
 * closes, whoever has that name by then.
 */
async function bind({
  path,
  mode,
  onConnection,
  onError,
  mayReplace,
  pauseOnConnect = false,
}: UnixSocketOptions): Promise<Bound> {
  const server = createServer({ pauseOnConnect }, onConnection);
  const folder = mkdtempSync(privateFolderPrefix(path));
  try {
    const bound = join(folder, randomName());
    await withShortPath(bound, (short) => listenOn(server, short));
    server.on("error", onError);
    chmodSync(bound, mode);
    const inode = inodeAt(bound);
    if (inode === undefined) throw new Error(`${bound} is gone`);
    if (mayReplace?.() === false) throw new Error("another server has it by now");
    keepFormer(path);
    renameSync(bound, path);
    return { server, inode };
  } catch (error) {
    server.close();
    throw error;
  } finally {
    removeEmpty(folder);
  }
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Whoever may write here has moved it or put something into it: that is not ours to remove.
  }
}

function listenOn(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ path, backlog: BACKLOG }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
