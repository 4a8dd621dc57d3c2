// Owns a listening TCP socket: takes its port over from a former process where Node.js can share one, and else waits for it.
import { createServer, type ListenOptions, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../model/index.js";
import { SocketError } from "./errors.js";
import type { ListeningSocket } from "./unix-socket.js";

export interface TcpSocketOptions {
  readonly host: string;
  /** 0 is any that is free. */
  readonly port: number;
  readonly onConnection: (socket: Socket) => void;
  /** A connection could not be accepted: descriptors or memory have run out. */
  readonly onError: (error: Error) => void;
  /** Leaves what clients send unread, for whoever gets the connections. */
  readonly pauseOnConnect?: boolean;
  /** Milliseconds to try again while a former process still has the port. */
  readonly patience?: number | undefined;
}

const BACKLOG = 1024;
const DEFAULT_PATIENCE = 10_000;
const RETRY = 100;

export class TcpSocket implements ListeningSocket {
  readonly #server: Server;
  /** That is really used. */
  readonly port: number;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /**
   * Listens. Two processes can have one port where Node.js has `reusePort` (22.12 and 23.1 on, not on Windows and macOS);
   * elsewhere it tries until the former one has closed, or patience ends.
   * @throws {SocketError} with address and reason.
   */
  static async listen(options: TcpSocketOptions): Promise<TcpSocket> {
    const { onConnection, onError, pauseOnConnect = false, patience = DEFAULT_PATIENCE } = options;
    const end = performance.now() + patience;
    for (;;) {
      const server = createServer({ noDelay: true, pauseOnConnect }, onConnection);
      try {
        await listening(server, options);
        server.on("error", onError);
        return new TcpSocket(server, portOf(server, options.port));
      } catch (error) {
        const isTaken = codeOf(error) === "EADDRINUSE";
        if (!isTaken || performance.now() + RETRY > end) throw cannotListen(options, error, isTaken, patience);
        await delay(RETRY);
      }
    }
  }

  /** Not awaited: the server is closed when its last connection is, which has another owner. */
  close(): Promise<"removed"> {
    this.#server.close();
    return Promise.resolve("removed");
  }
}

/** Where Node.js has no such option it is passed over. */
type SharingOptions = ListenOptions & { readonly reusePort?: boolean };

async function listening(server: Server, { host, port }: TcpSocketOptions): Promise<void> {
  const options: SharingOptions = { host, port, backlog: BACKLOG };
  try {
    await listenOnce(server, { ...options, reusePort: CAN_SHARE_PORT });
  } catch (error) {
    // The former process may be one that does not share.
    if (!CAN_SHARE_PORT || codeOf(error) !== "ENOTSUP") throw error;
    await listenOnce(server, options);
  }
}

const CAN_SHARE_PORT = sharesPorts(process.versions.node, process.platform);

/** Whether `reusePort` is there, and means that connections are shared out. */
export function sharesPorts(version: string, platform: NodeJS.Platform): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const hasOption = major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
  return hasOption && (platform === "linux" || platform === "freebsd");
}

function listenOnce(server: Server, options: SharingOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(options, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function portOf(server: Server, given: number): number {
  const bound = server.address();
  return typeof bound === "object" && bound !== null ? bound.port : given;
}

function cannotListen({ host, port }: TcpSocketOptions, cause: unknown, isTaken: boolean, patience: number): SocketError {
  const at = `tcp://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const reason = messageOf(cause);
  return isTaken
    ? new SocketError(
        "SERVER_ADDRESS_IN_USE",
        `${at}, after ${patience} ms; stop the other process, or listen on a Unix socket, whose path is taken over`,
        { cause },
      )
    : new SocketError("SERVER_CANNOT_LISTEN", `${at}: ${reason}`, { cause });
}

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);
