// Owns a server's socket before there is a server: who connects waits until somebody takes the connections.
import type { Socket } from "node:net";
import {
  FormerSocket,
  inodeAt,
  type Listen,
  type ListeningSocket,
  type PathChange,
  TcpSocket,
  UnixSocket,
} from "../net/index.js";
import { DescriptorSocket } from "../service-manager/index.js";

/** Where a server listens. */
export type SocketPlace = {
  /** By which the server asks for it. */
  readonly name: string;
  /** Of a socket that listens there already, and that this process was started with. */
  readonly descriptor?: number;
} & (UnixPlace | TcpPlace);

interface UnixPlace {
  readonly path: string;
  /** Permission bits of the socket file. */
  readonly mode: number;
  /** What to do about a path that is too long, for the message. */
  readonly remedy?: string;
  /** Clients know how to get at a path of any length. */
  readonly isAnyLength?: boolean;
}

interface TcpPlace {
  readonly host: string;
  readonly port: number;
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
  readonly name: string;
  /** Undefined where it has none, or one that another process has bound. */
  readonly path: string | undefined;
  readonly #waiting: Socket[] = [];
  readonly #former: FormerSocket | undefined;
  #socket: ListeningSocket | undefined;
  #inode: bigint | undefined;
  #user: SocketUser | undefined;
  #isTakenOver = false;
  #isTakeoverTold = false;
  #refused = 0;

  private constructor(name: string, path: string | undefined) {
    this.name = name;
    this.path = path;
    if (path !== undefined) this.#former = FormerSocket.keep(path);
  }

  /** @throws {SocketError} */
  static async open(place: SocketPlace): Promise<EarlySocket> {
    const ownPath = "path" in place && place.descriptor === undefined ? place.path : undefined;
    const early = new EarlySocket(place.name, ownPath);
    try {
      early.#socket = await early.#listenAt(place);
    } catch (error) {
      early.#former?.drop();
      throw error;
    }
    if (ownPath !== undefined) early.#inode = inodeAt(ownPath);
    return early;
  }

  #listenAt(place: SocketPlace): Promise<ListeningSocket> {
    const common = {
      pauseOnConnect: true,
      onConnection: (socket: Socket) => this.#offer(socket),
      onError: (error: Error) => this.#user?.onError(error),
    };
    if (place.descriptor !== undefined) return DescriptorSocket.listen({ descriptor: place.descriptor, ...common });
    if (!("path" in place)) return TcpSocket.listen({ host: place.host, port: place.port, ...common });
    const { path, mode, remedy, isAnyLength = false } = place;
    return UnixSocket.listen({
      path,
      mode,
      isBehindLink: isAnyLength,
      ...(remedy === undefined ? {} : { remedy }),
      ...common,
      onPathChange: (change) => {
        if (change.kind === "taken over") return this.#takenOver();
        this.#user?.onPathChange?.(change);
      },
    });
  }

  /** Looks now whether another server has the path: by itself that is noticed within a second. */
  async checkPath(): Promise<void> {
    await this.#socket?.checkPath?.();
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
    if (this.#isTakenOver) this.#takenOver();
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
    this.#former?.drop();
  }

  /** The server did not start: a predecessor that still runs has its path back. */
  async giveUp(): Promise<void> {
    // The predecessor may be gone, and the error that matters is why the server did not start.
    await this.#former?.restore(this.#inode).catch(() => {});
    await this.close();
  }

  async close(): Promise<"removed" | "taken over"> {
    this.#former?.drop();
    const end = (await this.#socket?.close()) ?? "removed";
    for (const socket of this.#waiting.splice(0)) socket.destroy();
    return end;
  }

  /** It may come before there is a server: that is told then. */
  #takenOver(): void {
    this.#isTakenOver = true;
    const tell = this.#user?.onPathChange;
    if (tell === undefined || this.#isTakeoverTold) return;
    this.#isTakeoverTold = true;
    tell({ kind: "taken over" });
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
