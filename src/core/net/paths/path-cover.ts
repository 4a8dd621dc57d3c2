// Has the clients of a path wait while nobody serves it, and leads them to whoever serves it next.
import type { Socket } from "node:net";
import { coverPath } from "./hidden-names.js";
import { giveSecondName, inodeAt, release, requireFreePath } from "./path-entry.js";
import { removeDeadFolder } from "./shared-folder.js";
import { connectTo, isServed } from "./short-path.js";
import { UnixSocket } from "../unix-socket.js";

/** Clients that wait; what is beyond is closed. */
const MAX_WAITING = 4096;
/** Turns of the event loop without a client after which none can be in the queue of the kernel any more. */
const QUIET_TURNS = 3;

interface PathCoverOptions {
  readonly path: string;
  /** Permission bits of the socket file. */
  readonly mode: number;
  /** Inode of what a server had at the path that is known to be gone: its sockets may be open for a moment more. */
  readonly dead?: bigint | undefined;
}

class PathCover {
  readonly #path: string;
  readonly #waiting: Socket[] = [];
  readonly #relayed = new Set<Socket>();
  #socket: UnixSocket | undefined;
  #inode: bigint | undefined;
  /** Of the sockets that took turns there; the last of these may end later than their path. */
  #folder: string | undefined;
  #isLeading = false;
  #came = 0;

  private constructor(path: string) {
    this.#path = path;
  }

  /**
   * Undefined where somebody serves the path, or has begun to meanwhile.
   * @throws {SocketError} where it cannot be listened on.
   */
  static async open({ path, mode, dead }: PathCoverOptions): Promise<PathCover | undefined> {
    const over = inodeAt(path);
    const mayReplace = (): boolean => inodeAt(path) === over;
    if ((over === undefined || over !== dead) && (await isServed(path))) return undefined;
    const cover = new PathCover(path);
    cover.#folder = requireFreePath(path);
    try {
      cover.#socket = await UnixSocket.listen({
        path,
        mode,
        pauseOnConnect: true,
        mayReplace,
        onConnection: (socket) => cover.#take(socket),
        // A client that could not be accepted comes again, or has gone.
        onError: () => {},
      });
    } catch (error) {
      if (mayReplace()) throw error;
      return undefined;
    }
    cover.#sign();
    return cover;
  }

  /** Has clients wait from now on, with those that wait in a former one already. */
  static async renew(former: PathCover | undefined, options: PathCoverOptions): Promise<PathCover | undefined> {
    if (former?.covers(inodeAt(options.path)) === true) return former;
    const fresh = await PathCover.open(options);
    await former?.lead();
    return fresh;
  }

  /** Whether what has this inode is its own. */
  covers(inode: bigint | undefined): boolean {
    return this.#inode !== undefined && this.#inode === inode;
  }

  /** Leads everybody to whoever serves the path now. Resolves when nobody can come here any more. */
  async lead(): Promise<void> {
    this.#isLeading = true;
    const waiting = this.#waiting.splice(0);
    // What clients send stays unread until somebody wants it: who has gone would be led somewhere, and take a place there.
    for (const client of waiting) client.once("readable", dropEnded);
    await turns(QUIET_TURNS);
    for (const client of waiting) this.#relay(client);
    for (let quiet = 0; quiet < QUIET_TURNS; quiet += 1) {
      const before = this.#came;
      await turns(1);
      if (this.#came !== before) quiet = 0;
    }
    await this.#stopListening();
  }

  /** Nobody is to serve the path: it goes, unless somebody else has it by now, and who waits is sent away. */
  async close(): Promise<void> {
    await this.#stopListening();
    for (const client of [...this.#waiting.splice(0), ...this.#relayed]) client.destroy();
  }

  async #stopListening(): Promise<void> {
    await this.#socket?.close();
    const inode = this.#inode;
    await removeDeadFolder(this.#folder);
    if (inode !== undefined) release(coverPath(this.#path), (entry) => inodeAt(entry) === inode);
  }

  /** By this name a server finds that it takes the place of nobody whom it could ask for anything. */
  #sign(): void {
    giveSecondName(this.#path, coverPath(this.#path));
    this.#inode = inodeAt(this.#path);
  }

  #take(client: Socket): void {
    this.#came += 1;
    client.on("error", () => {});
    if (this.#isLeading) this.#relay(client);
    else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(client);
    else client.destroy();
  }

  /** The bytes of this client pass through here as long as it stays: a connection cannot be moved to a thread of another process. */
  #relay(client: Socket): void {
    if (client.destroyed) return;
    client.off("readable", dropEnded);
    const server = connectTo(this.#path);
    this.#relayed.add(client);
    server.on("error", () => {});
    client.on("close", () => {
      this.#relayed.delete(client);
      server.destroy();
    });
    server.on("close", () => client.destroy());
    client.pipe(server).pipe(client);
  }
}

/** Where a client becomes readable without a byte, it has ended. */
function dropEnded(this: Socket): void {
  if (this.readableLength === 0) this.destroy();
}

/** Of the event loop. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
}

export interface CoveredPathOptions {
  readonly path: string;
  /** Permission bits of the socket file. */
  readonly mode: number;
  /** The path could not be taken, or not be given back: clients are refused there until somebody serves it. */
  readonly onError: (error: Error) => void;
}

/** A path whose clients wait while nobody serves it. What is done about it is done one after the other. */
export class CoveredPath {
  readonly #options: CoveredPathOptions;
  #cover: Promise<PathCover | undefined> = Promise.resolve(undefined);
  /** Of what was there when it was served last. */
  #inode: bigint | undefined;

  constructor(options: CoveredPathOptions) {
    this.#options = options;
  }

  unserved(): void {
    const { path, mode } = this.#options;
    this.#then((cover) => PathCover.renew(cover, { path, mode, dead: this.#inode }));
  }

  /** Whether another server has taken it from one that served it, or from those who waited for one. */
  async isTakenOver(): Promise<boolean> {
    const { path } = this.#options;
    const cover = await this.#cover;
    const found = inodeAt(path);
    if (this.#inode === undefined || found === undefined || found === this.#inode || cover?.covers(found) === true) return false;
    return isServed(path);
  }

  served(): void {
    this.#inode = inodeAt(this.#options.path);
    this.#then(async (cover) => {
      await cover?.lead();
      return undefined;
    });
  }

  /** Nobody will serve it, or others see to it. */
  leave(): void {
    this.#then(async (cover) => {
      await cover?.close();
      return undefined;
    });
  }

  /** As {@link leave}; resolves when nobody waits there any more. */
  async close(): Promise<void> {
    this.leave();
    await this.#cover;
  }

  #then(step: (cover: PathCover | undefined) => Promise<PathCover | undefined>): void {
    this.#cover = this.#cover.then(step).catch((error: unknown) => {
      this.#options.onError(error instanceof Error ? error : new Error(String(error)));
      return undefined;
    });
  }
}
