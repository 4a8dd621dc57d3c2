// Owns the server's socket file: takes the path over without a gap, and removes it only while it is still ours.
import { chmod, lstat, rename, unlink } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { threadId } from "node:worker_threads";
import { ServerError } from "./errors.js";
import { removeDeadFolder, requireFreePath } from "./socket-path.js";

/** What `sun_path` holds on Linux, less its closing zero byte. */
const MAX_PATH_BYTES = 107;
const BACKLOG = 1024;

export interface UnixSocketOptions {
  readonly path: string;
  /** Permission bits of the socket file. */
  readonly mode: number;
  readonly onConnection: (socket: Socket) => void;
  /** A connection could not be accepted: descriptors or memory have run out. */
  readonly onError: (error: Error) => void;
}

export class UnixSocket {
  readonly #server: Server;
  readonly #path: string;
  readonly #inode: bigint;
  #state: "listening" | "closed" = "listening";

  private constructor(server: Server, path: string, inode: bigint) {
    this.#server = server;
    this.#path = path;
    this.#inode = inode;
  }

  /**
   * Listens on `path`. A server that still runs there keeps its connections and gets no new ones: a gateway's reload
   * starts the new server while the old one runs.
   * @throws {ServerError} with the path and the reason.
   */
  static async listen(options: UnixSocketOptions): Promise<UnixSocket> {
    const { path, mode } = options;
    const server = createServer(options.onConnection);
    // Bound under another name, given its permissions, and only then moved into place: nobody meets a socket that is
    // missing, or one that everybody may open. And Node.js removes the name it bound when the server closes, whoever
    // has that name by then.
    const bound = join(dirname(path), `.ps${process.pid.toString(36)}.${threadId}`);
    requireShortPath(path, bound);
    const former = await requireFreePath(path);
    try {
      await remove(bound);
      await listenOn(server, bound);
      server.on("error", options.onError);
      await chmod(bound, mode);
      await rename(bound, path);
      await removeDeadFolder(former);
      const { ino } = await lstat(path, { bigint: true });
      return new UnixSocket(server, path, ino);
    } catch (error) {
      server.close();
      throw new ServerError("SERVER_CANNOT_LISTEN", `${path}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }

  /**
   * Takes no new connections. The file goes unless another server has taken the path over, which is told. May be called
   * twice.
   */
  async close(): Promise<"removed" | "taken over"> {
    const current = await lstat(this.#path, { bigint: true }).catch(() => undefined);
    const takenOver = current !== undefined && current.ino !== this.#inode;
    if (this.#state === "listening") {
      this.#state = "closed";
      if (!takenOver) await remove(this.#path);
      this.#server.close();
    }
    return takenOver ? "taken over" : "removed";
  }
}

function requireShortPath(path: string, bound: string): void {
  const bytes = Math.max(Buffer.byteLength(path), Buffer.byteLength(bound));
  if (bytes <= MAX_PATH_BYTES) return;
  throw new ServerError(
    "SERVER_SOCKET_PATH_TOO_LONG",
    `${path} needs ${bytes} bytes, ${MAX_PATH_BYTES} are allowed; use -socket or a shorter -kong-prefix`,
  );
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

async function remove(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}
