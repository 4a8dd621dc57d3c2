// Owns the listening sockets that a service manager has passed to this process, as systemd.socket(5) and sd_listen_fds(3) say: which there are,
// and who connects there.
import { readFileSync, readlinkSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { type ListeningSocket, SocketError } from "../net/index.js";

/** A socket that listens already, and goes on to when this process is gone. */
export interface InheritedSocket {
  readonly descriptor: number;
  /** `FileDescriptorName=` of its unit; by default the unit's own name. */
  readonly name: string;
  /** Of a Unix socket with a path. */
  readonly path: string | undefined;
}

const FIRST_DESCRIPTOR = 3;
/** bin/pluginserver keeps the real stdout in the descriptor behind them. */
const MOST = 6;

/** None where they were passed to another process: whoever starts programs hands its variables on. */
export function inheritedSockets(env: NodeJS.ProcessEnv = process.env, pid: number = process.pid): readonly InheritedSocket[] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES = "" } = env;
  const count = Number(LISTEN_FDS);
  if (Number(LISTEN_PID) !== pid || !Number.isInteger(count) || count < 1 || count > MOST) return [];
  const names = LISTEN_FDNAMES.split(":");
  return Array.from({ length: count }, (_, index) => {
    const descriptor = FIRST_DESCRIPTOR + index;
    return { descriptor, name: names[index] ?? "", path: pathOf(descriptor) };
  });
}

/** The kernel's table has a line for each Unix socket: its inode, and behind it its path. */
function pathOf(descriptor: number): string | undefined {
  try {
    const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${descriptor}`))?.[1];
    const line = readFileSync("/proc/net/unix", "utf8")
      .split("\n")
      .find((text) => text.trim().split(/\s+/)[6] === inode);
    return /^(?:\S+\s+){7}(\/.*)$/.exec(line?.trim() ?? "")?.[1];
  } catch {
    // It is no socket, which shows where it is used, or there is no /proc.
    return undefined;
  }
}

export interface DescriptorSocketOptions {
  readonly descriptor: number;
  readonly onConnection: (socket: Socket) => void;
  /** A connection could not be accepted: descriptors or memory have run out. */
  readonly onError: (error: Error) => void;
  /** Leaves what clients send unread, for whoever gets the connections. */
  readonly pauseOnConnect?: boolean;
}

/** Its path or port is somebody else's, and stays when this process is gone. */
export class DescriptorSocket implements ListeningSocket {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @throws {SocketError} where the descriptor is no socket that listens. */
  static listen({
    descriptor,
    onConnection,
    onError,
    pauseOnConnect = false,
  }: DescriptorSocketOptions): Promise<DescriptorSocket> {
    const server = createServer({ noDelay: true, pauseOnConnect }, onConnection);
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void =>
        reject(
          new SocketError("SERVER_CANNOT_LISTEN", `descriptor ${descriptor}, which it was started with: ${error.message}`, {
            cause: error,
          }),
        );
      server.once("error", fail);
      server.listen({ fd: descriptor }, () => {
        server.off("error", fail).on("error", onError);
        resolve(new DescriptorSocket(server));
      });
    });
  }

  /** Who connects from now on waits for the next process that has the socket. */
  close(): Promise<"removed"> {
    this.#server.close();
    return Promise.resolve("removed");
  }
}
