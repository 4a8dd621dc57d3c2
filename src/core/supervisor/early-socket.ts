// Owns a server's socket before there is a server: who connects waits until somebody takes the connections.
import type { Socket } from "node:net";
import { FormerSocket, inodeAt, type Listen, type ListeningSocket, type PathChange, UnixSocket } from "../net/index.js";

export interface SocketPlace {
  readonly path: string;
  /** Permission bits of the socket file. */
  readonly mode: number;
  /** What to do about a path that is too long, for the message. */
  readonly remedy?: string;
  /** Clients know how to get at a path of any length. */
  readonly isAnyLength?: boolean;
}

/** Takes the connections, and hears what becomes of the socket. */
export interface SocketUser {
  /** Without it connections wait on. */
  readonly onConnection?: (socket: Socket) => void;
  readonly onError: (error: Error) => void;
  readonly onPathChange?: ((change: PathChange) => void) | undefined;
}

/** Connections that wait; what is beyond is closed. */
const MAX_WAITING = 4096;

export class EarlySocket implements ListeningSocket {
  readonly path: string;
  readonly #waiting: Socket[] = [];
  readonly #former: FormerSocket;
  #socket: UnixSocket | undefined;
  #inode: bigint | undefined;
  #user: SocketUser | undefined;
  #isTakenOver = false;
  #refused = 0;

  private constructor(path: string, former: FormerSocket) {
    this.path = path;
    this.#former = former;
  }

  /** @throws {SocketError} */
  static async open({ path, mode, remedy, isAnyLength = false }: SocketPlace): Promise<EarlySocket> {
    const early = new EarlySocket(path, FormerSocket.keep(path));
    try {
      early.#socket = await UnixSocket.listen({
        path,
        mode,
        isBehindLink: isAnyLength,
        ...(remedy === undefined ? {} : { remedy }),
        pauseOnConnect: true,
        onConnection: (socket) => early.#offer(socket),
        onError: (error) => early.#user?.onError(error),
        onPathChange: (change) => {
          early.#isTakenOver ||= change.kind === "taken over";
          early.#user?.onPathChange?.(change);
        },
      });
    } catch (error) {
      early.#former.drop();
      throw error;
    }
    early.#inode = inodeAt(path);
    return early;
  }

  /** Whether another server has the path for good. */
  get isTakenOver(): boolean {
    return this.#isTakenOver;
  }

  /** How many connections were closed since the last look, as too many waited. */
  takeRefused(): number {
    const refused = this.#refused;
    this.#refused = 0;
    return refused;
  }

  /** From now on the user gets the connections, those that wait first; without one they wait. */
  use(user: SocketUser | undefined): void {
    this.#user = user;
    const onConnection = user?.onConnection;
    if (onConnection !== undefined) for (const socket of this.#waiting.splice(0)) onConnection(socket);
  }

  /** Has connections wait again whose user is gone. */
  takeBack(sockets: readonly Socket[]): void {
    this.#waiting.unshift(...sockets);
  }

  /** For a server in this process: in place of a socket of its own. */
  readonly listen: Listen = (options) => {
    this.use(options);
    return Promise.resolve(this);
  };

  /** The server has started: its predecessor is not needed any more. */
  serving(): void {
    this.#former.drop();
  }

  /** The server did not start: a predecessor that still runs has its path back. */
  async giveUp(): Promise<void> {
    // The predecessor may be gone, and the error that matters is why the server did not start.
    await this.#former.restore(this.#inode).catch(() => {});
    await this.close();
  }

  async close(): Promise<"removed" | "taken over"> {
    this.#former.drop();
    const end = (await this.#socket?.close()) ?? "removed";
    for (const socket of this.#waiting.splice(0)) socket.destroy();
    return end;
  }

  #offer(socket: Socket): void {
    if (this.#user?.onConnection !== undefined) this.#user.onConnection(socket);
    else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(socket);
    else {
      this.#refused += 1;
      socket.destroy();
    }
  }
}
